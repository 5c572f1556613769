-- Take the lease of a queued invoice. ARGV: id, token, lease seconds, seconds within which a restart has lost nothing,
-- the Celery task that asks (empty: none), for the history.
-- Answers its record without history, or why not.
local id, token, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
local fields = redis.call('HGETALL', key('invoice', id))
if #fields == 0 then return {archived(id) and 'exported' or 'unknown'} end
local invoice = {}
for at = 1, #fields, 2 do invoice[fields[at]] = fields[at + 1] end
invoice.id = id
local export = invoice.export
local paused, reached, whole, alive_at = unpack(redis.call('HMGET', key('export-status'),
  export_field('paused', export), export_field('reached', export), export_field('whole', export), 'alive_at'))
if sign_due(alive_at) then
  doubt_lost_writes(tonumber(ARGV[6]))
  whole = export_status(export, 'whole')
end

local function claimed()
  local answer = {}
  for field, value in pairs(invoice) do
    if field ~= 'history' then answer[#answer + 1], answer[#answer + 2] = field, value end
  end
  answer[#answer + 1], answer[#answer + 2] = 'whole_since', whole
  return {'claimed', answer}
end

if invoice.state == 'exporting' and invoice.token == token and whole then return claimed() end
if invoice.state ~= 'queued' then return {invoice.state} end

if paused then -- its message is used up: another is overdue when the export is resumed
  local old = index_of(invoice)
  write(invoice, {published_at = '0', first_published_at = '0'})
  place(old, id, false)
  place(index_of(invoice), id, '0')
  return finish({'paused'})
end

-- How far the queue has come. The first publication counts: a later one may have been a repeat still under way.
-- An invoice whose worker died comes ahead of the others, so it says nothing about them.
if invoice.crashes == '0' and tonumber(invoice.first_published_at) > tonumber(reached or '0') then
  set_export_status(export, 'reached', invoice.first_published_at)
end
if not whole then -- written by a version that did not keep it
  whole = AT
  set_export_status(export, 'whole', whole)
end
local detail = ARGV[7] ~= '' and ', task ' .. ARGV[7] or ''
local fence, lease_until = string.format('%d', invoice.fence + 1), number(NOW + lease)
move(invoice, 'exporting', 'claimed', 'fence ' .. fence .. detail, {fence = fence, token = token, lease_until = lease_until},
  lease_until)
return finish(claimed())
