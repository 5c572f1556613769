-- Hold a customer or product for another lease. ARGV: key, fence, lease seconds.
local shared, fence, lease = key('shared', ARGV[3]), ARGV[4], tonumber(ARGV[5])
if redis.call('HGET', shared, 'fence') ~= fence then return {'lost'} end
redis.call('HSET', shared, 'lease_until', number(NOW + lease))
return {'ok'}
