-- Drop the number of a customer or product. ARGV: key, token. What creates it anew does so under a new key.
local shared, token = key('shared', ARGV[3]), ARGV[4]
local number, last = unpack(redis.call('HMGET', shared, 'number', 'forgotten_by'))
if number and number ~= '' and last ~= token then
  redis.call('HINCRBY', shared, 'generation', 1)
  redis.call('HINCRBY', shared, 'fence', 1)
  redis.call('HSET', shared, 'number', '', 'intent', '', 'lease_until', '0', 'proved_at', '0',
    'forgotten_by', token)
end
return {'ok'}
