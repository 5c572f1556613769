-- Say of invoices in a state when each last moved and what it is worth. ARGV: state, then ids.
-- Answers id, time and stake (currency and hundredths, credit notes by their size; empty: not known) of each.
local answer = {}
for at = 4, #ARGV do
  local state, moved_at, stake = unpack(redis.call('HMGET', key('invoice', ARGV[at]), 'state', 'updated_at', 'stake'))
  if state == ARGV[3] then
    if not stake or stake == '' then stake = stake_of(redis.call('HGET', key('invoice', ARGV[at]), 'content') or '') end
    answer[#answer + 1], answer[#answer + 2], answer[#answer + 3] = ARGV[at], moved_at, stake
  end
end
return answer
