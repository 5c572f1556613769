-- Send exported invoices back to received, to be looked up first. ARGV: token, history detail, outcome that stays (empty:
-- none), who, why, ids. Answers the ids that moved.
local token, who, stays = ARGV[3], ARGV[4], ARGV[5]

local function reexport(id)
  local invoice = read(id, 'token', 'outcome')
  if not invoice then return false end
  if invoice.state ~= 'exported' or (stays ~= '' and invoice.outcome == stays) then
    return invoice.state == 'received' and invoice.token == token
  end
  move(invoice, 'received', 'reexport', who,
    {attempts = '0', crashes = '0', outcome = '', lookup = '1', sent = '1', token = token})
  for period in each(invoice.periods) do call_for_preflight(period) end
  return true
end

local answer = {'ok'}
for at = 8, #ARGV do
  if reexport(ARGV[at]) then table.insert(answer, ARGV[at]) end
end
act_on_invoices(ARGV[3], 'reexport', ARGV[6], ARGV[7], {unpack(answer, 2)})
return finish(answer)
