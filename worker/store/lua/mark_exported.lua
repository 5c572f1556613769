-- Mark an invoice as exported by hand. ARGV: token, id, outcome, history detail.
local token, id, outcome, detail = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local invoice = key('invoice', id)
local state, last, sent = unpack(redis.call('HMGET', invoice, 'state', 'token', 'sent'))
if state == 'exported' and last == token then return {'ok'} end
local still = state == 'received' or state == 'queued' or state == 'waiting'
if state ~= 'dead' and not (still and sent == '0') then return {'refused'} end
redis.call('HSET', invoice, 'outcome', outcome, 'failure', '', 'token', token)
move(id, 'exported', outcome, detail)
return {'ok'}
