-- Send exported invoices back to received, to be looked up first. ARGV: token, who, outcome that stays (empty: none),
-- ids. Answers the ids that moved.
local token, who, stays = ARGV[3], ARGV[4], ARGV[5]

local function reexport(id)
  local invoice = key('invoice', id)
  local state, last, periods, outcome = unpack(redis.call('HMGET', invoice, 'state', 'token', 'periods', 'outcome'))
  if state == 'exported' and (stays == '' or outcome ~= stays) then
    redis.call('HSET', invoice, 'attempts', '0', 'crashes', '0', 'outcome', '', 'lookup', '1', 'sent', '1', 'token', token)
    move(id, 'received', 'reexport', who)
    for period in each(periods) do call_for_preflight(period) end
    return true
  end
  return state == 'received' and last == token
end

local answer = {'ok'}
for at = 6, #ARGV do
  if reexport(ARGV[at]) then table.insert(answer, ARGV[at]) end
end
return answer
