-- Mark an invoice as exported by hand. ARGV: token, id, outcome, history detail, who, why.
local token, id, outcome, detail = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local invoice = read(id, 'token', 'sent')
if not invoice then return {'refused'} end
local state = invoice.state
if state == 'exported' and invoice.token == token then return {'ok'} end
local still = state == 'received' or state == 'queued' or state == 'waiting'
local differs = false
for period in each(invoice.periods) do
  differs = differs or redis.call('HEXISTS', key('differences', period), id) == 1
end
local differing = state == 'exported' and differs
if state ~= 'dead' and not (still and invoice.sent == '0') and not differing then return {'refused'} end
move(invoice, 'exported', outcome, detail, {outcome = outcome, failure = '', token = token})
for period in each(invoice.periods) do redis.call('ZADD', key('reconciles'), AT, period) end
act_on_invoices(token, 'mark-exported', ARGV[7], ARGV[8], {id})
return finish({'ok'})
