-- Hold an invoice for another lease while the fence holds. ARGV: id, fence, lease seconds.
local invoice, fence, lease = key('invoice', ARGV[3]), ARGV[4], tonumber(ARGV[5])
local state, holder = unpack(redis.call('HMGET', invoice, 'state', 'fence'))
if state ~= 'exporting' or holder ~= fence then return {'lost'} end
redis.call('HSET', invoice, 'lease_until', number(NOW + lease), 'updated_at', AT)
return {'ok'}
