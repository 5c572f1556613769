-- Move invoices on from received. ARGV: period, fence, lease seconds, then per invoice: id, hash of the content that was
-- checked, lookup (0 or 1), failure (empty: it may be exported), its reason. Answers which of them are queued and have no
-- message yet. What has other content by now is not what was checked: its replacement has made the period due again.
local period, fence, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
if redis.call('HGET', key('period', period), 'fence') ~= fence then return {'lost'} end
redis.call('HSET', key('period', period), 'lease_until', number(NOW + lease))

-- A store that says nothing of an export was empty: it is young from now on, unless its first use was declared.
local known = {}
local function begin(export)
  if known[export] then return end
  known[export] = true
  redis.call('HSETNX', key('export-status'), export_field('whole', export), AT)
end

-- Answers whether the invoice awaits a message.
local function pass(id, hash, lookup, failure, reason)
  local invoice = read(id, 'hash')
  if not invoice then return false end
  if invoice.state == 'received' and invoice.hash == hash then
    if failure ~= '' then
      move(invoice, 'dead', 'dead', reason, {failure = failure})
    else
      local changes = {failure = '', passed_at = AT}
      begin(invoice.export)
      if lookup == '1' then changes.lookup, changes.sent = '1', '1' end
      move(invoice, 'queued', 'queued', period, changes)
    end
  end
  return failure == '' and invoice.state == 'queued' and invoice.published_at == '0'
end

local answer = {'ok'}
for at = 6, #ARGV, 5 do
  if pass(unpack(ARGV, at, at + 4)) then table.insert(answer, ARGV[at]) end
end
return finish(answer)
