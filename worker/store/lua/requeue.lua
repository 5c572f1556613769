-- Send dead letters back to received. ARGV: token, who, ids. Answers the ids that moved.
local answer = {'ok'}
for at = 5, #ARGV do
  if requeue(ARGV[at], ARGV[3], ARGV[4]) then table.insert(answer, ARGV[at]) end
end
return finish(answer)
