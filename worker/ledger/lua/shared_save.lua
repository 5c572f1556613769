-- Record what a shared creation has come to; a number ends it. ARGV: key, fence, lease seconds, number, intent,
-- generation.
local shared, fence, lease, found = key('shared', ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
if redis.call('HGET', shared, 'fence') ~= fence then return {'lost'} end
redis.call('HSET', shared, 'number', found, 'intent', ARGV[7], 'generation', ARGV[8],
  'lease_until', found == '' and number(NOW + lease) or '0')
return {'ok'}
