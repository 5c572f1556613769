-- Take the check of an export's agreement that is due. ARGV: export, token, seconds until it may be taken again.
local record = key('agreement', ARGV[3])
if redis.call('HGET', record, 'token') == ARGV[4] then return {'ok'} end
if tonumber(redis.call('HGET', record, 'due') or '0') > NOW then return {'refused'} end
redis.call('HSET', record, 'due', number(NOW + tonumber(ARGV[5])), 'token', ARGV[4])
return {'ok'}
