-- Note how far a run of payments has come. ARGV: export, number, phase.
local record = key('payments', ARGV[3])
if redis.call('HGET', record, 'number') == ARGV[4] then redis.call('HSET', record, 'phase', ARGV[5]) end
return {'ok'}
