-- Take the lease of a period whose preflight is due. ARGV: period, token, lease seconds. Answers the fence.
local period, token, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
local record = key('period', period)
local holder, lease_until, fence, revision = unpack(
  redis.call('HMGET', record, 'token', 'lease_until', 'fence', 'revision'))
if holder == token then return {'claimed', fence} end
local due = redis.call('ZSCORE', key('preflights'), period)
if not due or tonumber(due) > NOW or tonumber(lease_until) > NOW then return {'refused'} end
fence = redis.call('HINCRBY', record, 'fence', 1)
redis.call('HSET', record, 'token', token, 'lease_until', number(NOW + lease), 'seen', revision)
return {'claimed', fence}
