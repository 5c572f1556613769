-- Hold an invoice for another lease while the fence holds. ARGV: id, fence, lease seconds.
local id, fence, lease = ARGV[3], ARGV[4], ARGV[5]
local state, held, export = unpack(redis.call('HMGET', key('invoice', id), 'state', 'fence', 'export'))
if state ~= 'exporting' or held ~= fence then return {'lost'} end
hold(id, export, lease)
return {'kept'}
