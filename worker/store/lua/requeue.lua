-- Send dead letters back to received. ARGV: token, who, ids. Answers the ids that moved.
local token, who = ARGV[3], ARGV[4]

local function requeue(id)
  local invoice = key('invoice', id)
  local state, last, periods = unpack(redis.call('HMGET', invoice, 'state', 'token', 'periods'))
  if state == 'dead' then
    redis.call('HSET', invoice, 'attempts', '0', 'crashes', '0', 'failure', '', 'token', token)
    move(id, 'received', 'requeued', who)
    for period in each(periods) do call_for_preflight(period) end
    return true
  end
  return state == 'received' and last == token
end

local answer = {'ok'}
for at = 5, #ARGV do
  if requeue(ARGV[at]) then table.insert(answer, ARGV[at]) end
end
return answer
