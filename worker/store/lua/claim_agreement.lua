-- Take the check of an export's agreement that is due. ARGV: export, seconds until it may be taken again.
local record = key('agreement', ARGV[3])
if tonumber(redis.call('HGET', record, 'due') or '0') > NOW then return {'refused'} end
redis.call('HSET', record, 'due', number(NOW + tonumber(ARGV[4])))
return {'ok'}
