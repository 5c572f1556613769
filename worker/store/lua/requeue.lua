-- Send dead letters back to received. ARGV: token, history detail, who, why, ids. Answers the ids that moved.
local answer = {'ok'}
for at = 7, #ARGV do
  if requeue(ARGV[at], ARGV[3], ARGV[4]) then table.insert(answer, ARGV[at]) end
end
act_on_invoices(ARGV[3], 'requeue', ARGV[5], ARGV[6], {unpack(answer, 2)})
return finish(answer)
