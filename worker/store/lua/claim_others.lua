-- Take the leases of further queued invoices that one call may post together: of this export and type, without a PDF, of
-- which nothing was sent, and none whose worker died. ARGV: export, token, lease seconds, type, most.
-- Answers id and record, history left out, of each. How far the queue has come does not change: their own messages are
-- still to come, and find nothing to do.
local export, token, lease, kind, most = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local paused, whole = export_status(export, 'paused', 'whole')
local LOOKED_AT = 4 -- times as many as are wanted, so that those that do not fit cost no walk through the queue
local answer = {}

local function fields_of(id)
  local words, fields = redis.call('HGETALL', key('invoice', id)), {}
  for at = 1, #words, 2 do fields[words[at]] = words[at + 1] end
  return fields
end

local function hand_over(id, invoice)
  local words = {}
  for field, value in pairs(invoice) do
    if field ~= 'history' and field ~= 'id' then words[#words + 1], words[#words + 2] = field, value end
  end
  words[#words + 1], words[#words + 2] = 'whole_since', whole
  answer[#answer + 1], answer[#answer + 2] = id, words
end

-- The answer to this very call was lost: give it again.
for _, id in ipairs(redis.call('ZRANGE', key('leases', export), 0, -1)) do
  if redis.call('HGET', key('invoice', id), 'token') == token then hand_over(id, fields_of(id)) end
end
if #answer > 0 or paused or not whole then return finish({'ok', answer}) end

local function fits(invoice)
  return invoice.state == 'queued' and invoice.type == kind and invoice.sent == '0' and invoice.lookup == '0'
    and invoice.crashes == '0' and not string.find(invoice.content, '"pdf":', 1, true)
end

local lease_until = number(NOW + lease)
for _, index in ipairs({'sent', 'unsent'}) do
  for _, id in ipairs(redis.call('ZRANGE', key(index, export), 0, LOOKED_AT * most)) do
    if #answer >= 2 * most then break end
    local invoice = fields_of(id)
    invoice.id = id
    if fits(invoice) then
      local fence = string.format('%d', invoice.fence + 1)
      move(invoice, 'exporting', 'claimed', 'fence ' .. fence, {fence = fence, token = token, lease_until = lease_until},
        lease_until)
      hand_over(id, invoice)
    end
  end
end
return finish({'ok', answer})
