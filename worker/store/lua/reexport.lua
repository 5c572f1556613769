-- Send exported invoices back to received, to be looked up first. ARGV: token, history detail, outcomes that stay (with
-- spaces between; empty: none), who, why, ids. Answers the ids that moved.
local answer = {'ok'}
for at = 8, #ARGV do
  if reexport(ARGV[at], ARGV[3], ARGV[4], ARGV[5]) then table.insert(answer, ARGV[at]) end
end
act_on_invoices(ARGV[3], 'reexport', ARGV[6], ARGV[7], {unpack(answer, 2)})
return finish(answer)
