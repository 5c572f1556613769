-- Give the lease of a customer or product back; a stale holder has none to give. ARGV: key, fence.
local shared = key('shared', ARGV[3])
if redis.call('HGET', shared, 'fence') == ARGV[4] then redis.call('HSET', shared, 'lease_until', '0') end
return {'ok'}
