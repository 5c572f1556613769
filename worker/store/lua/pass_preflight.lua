-- Move invoices on from received. ARGV: period, fence, lease seconds, then per invoice: id, hash of the content that was
-- checked, look (0 or 1), failure (empty: it may be exported), its reason. Answers which of them are queued and have no
-- message yet. What has other content by now is not what was checked: its replacement has made the period due again.
local period, fence, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
if redis.call('HGET', key('period', period), 'fence') ~= fence then return {'lost'} end
redis.call('HSET', key('period', period), 'lease_until', number(NOW + lease))

local function pass(id, hash, lookup, failure, reason)
  local invoice = key('invoice', id)
  local from, known = unpack(redis.call('HMGET', invoice, 'state', 'hash'))
  if from == 'received' and known == hash then
    redis.call('HSET', invoice, 'failure', failure)
    if failure ~= '' then
      move(id, 'dead', 'dead', reason)
    else
      redis.call('HSET', invoice, 'passed_at', AT)
      if lookup == '1' then redis.call('HSET', invoice, 'lookup', '1', 'sent', '1') end
      move(id, 'queued', 'queued', period)
    end
  end
  local state, published_at = unpack(redis.call('HMGET', invoice, 'state', 'published_at'))
  return failure == '' and state == 'queued' and published_at == '0'
end

local answer = {'ok'}
for at = 6, #ARGV, 5 do
  if pass(unpack(ARGV, at, at + 4)) then table.insert(answer, ARGV[at]) end
end
return answer
