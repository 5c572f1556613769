-- Drop a period whose invoices are all archived, and whose own entry the archive holds. ARGV: period, leaf of the entry,
-- number of its invoices, SHA-1 of what was read of it, then its certificates. Answers ok, or changed.
local period, leaf, invoices, read_as = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local record = key('period', period)
if redis.call('EXISTS', record) == 0 then
  local kept = redis.call('HGET', key('archived-periods'), period) or ''
  return {kept == leaf .. ' ' .. invoices and 'ok' or 'changed'}
end
local seen = {}
for _, name in ipairs({'revision', 'archived', 'certificate', 'document'}) do
  seen[#seen + 1] = redis.call('HGET', record, name) or ''
end
for _, list in ipairs({'certificates', 'period-events'}) do seen[#seen + 1] = tostring(redis.call('LLEN', key(list, period))) end
for _, hash in ipairs({'accepted', 'conflicts'}) do seen[#seen + 1] = tostring(redis.call('HLEN', key(hash, period))) end
if not at_its_end(period) or redis.call('ZCARD', key('members', period)) > 0 then return {'changed'} end
if redis.sha1hex(table.concat(seen, '\n')) ~= read_as then return {'changed'} end
for at = 7, #ARGV do redis.call('DEL', key('certificate', ARGV[at])) end
for _, name in ipairs({'period', 'period-events', 'counts', 'members', 'remarks', 'search', 'gaps', 'certificates',
    'accepted', 'conflicts', 'archived-members'}) do
  redis.call('DEL', key(name, period))
end
redis.call('ZREM', key('periods'), period)
redis.call('ZREM', key('archive-due'), period)
note_archived_period(period, leaf, invoices)
return {'ok'}
