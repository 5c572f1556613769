-- Begin no further invoice of a batch. ARGV: batch, who.
local record = key('batch', ARGV[3])
local state, by = unpack(redis.call('HMGET', record, 'state', 'cancelled_by'))
if state == 'cancelled' then return {by == ARGV[4] and 'ok' or 'refused'} end
if state ~= 'running' then return {'refused'} end
redis.call('HSET', record, 'state', 'cancelled', 'cancelled_by', ARGV[4])
act('cancel ' .. ARGV[3], 'cancel-batch', ARGV[4], '', redis.call('HGET', record, 'export'), {ARGV[3]})
return {'ok'}
