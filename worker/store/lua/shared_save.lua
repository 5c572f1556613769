-- Record what is known of a customer or product; with a number nobody needs its lease any more. ARGV: key, fence,
-- lease seconds, number, intent, generation.
local shared, fence, lease = key('shared', ARGV[3]), ARGV[4], tonumber(ARGV[5])
if redis.call('HGET', shared, 'fence') ~= fence then return {'lost'} end
redis.call('HSET', shared, 'number', ARGV[6], 'intent', ARGV[7], 'generation', ARGV[8],
  'lease_until', number(NOW + lease), 'proved_at', ARGV[6] ~= '' and AT or '0')
return {'ok'}
