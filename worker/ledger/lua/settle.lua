-- Mark a dead invoice as exported by hand. ARGV: token, id, outcome, history detail.
local token, id, outcome, detail = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local invoice = key('invoice', id)
local state, last = unpack(redis.call('HMGET', invoice, 'state', 'token'))
if state == 'exported' and last == token then return {'ok'} end
if state ~= 'dead' then return {'refused'} end
redis.call('HSET', invoice, 'outcome', outcome, 'failure', '', 'token', token)
move(id, 'exported', outcome, detail)
return {'ok'}
