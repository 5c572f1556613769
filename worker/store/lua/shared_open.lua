-- Look up a shared creation or take its lease. ARGV: key, token, lease seconds. Answers its record, or for how long
-- another holds it.
local shared, token, lease = key('shared', ARGV[3]), ARGV[4], tonumber(ARGV[5])
local found, last, lease_until = unpack(redis.call('HMGET', shared, 'number', 'token', 'lease_until'))
local left = tonumber(lease_until or '0') - NOW
if not (found and found ~= '') and last ~= token then
  if left > 0 then return {'busy', number(left)} end
  redis.call('HINCRBY', shared, 'fence', 1)
  redis.call('HSET', shared, 'token', token, 'lease_until', number(NOW + lease))
end
return {'ok', redis.call('HGETALL', shared)}
