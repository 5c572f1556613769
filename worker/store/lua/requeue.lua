-- Send dead letters back to received. ARGV: token, history detail, who, why, ids. Answers the ids that moved.
local token, who = ARGV[3], ARGV[4]

local function requeue(id)
  local invoice = read(id, 'token')
  if not invoice then return false end
  if invoice.state ~= 'dead' then return invoice.state == 'received' and invoice.token == token end
  move(invoice, 'received', 'requeued', who, {attempts = '0', crashes = '0', failure = '', token = token})
  for period in each(invoice.periods) do call_for_preflight(period) end
  return true
end

local answer = {'ok'}
for at = 7, #ARGV do
  if requeue(ARGV[at]) then table.insert(answer, ARGV[at]) end
end
act_on_invoices(ARGV[3], 'requeue', ARGV[5], ARGV[6], {unpack(answer, 2)})
return finish(answer)
