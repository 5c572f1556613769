-- Create a period or add an event to it. ARGV: id, export, event key, document, number of invoices. Answers whether the
-- event is the period's first.
local id, export, event, document, size = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local record = key('period', id)
if redis.call('EXISTS', record) == 0 then
  redis.call('HSET', record, 'export', export, 'received_at', AT, 'notice', '',
    'fence', '0', 'lease_until', '0', 'size', '-1')
  redis.call('ZADD', key('periods'), AT, id)
  -- What of it is archived stays there, and counts.
  local kept = redis.call('HGET', key('archived-periods'), id)
  if kept then redis.call('HSET', record, 'archived', string.match(kept, '^%d+ (%d+)')) end
end
-- Of several events about one period, the latest of those with the most invoices describes it: a correction replaces
-- the totals. An event that is opened again after others came does not.
local known = redis.call('LPOS', key('period-events', id), event)
local most = tonumber(redis.call('HGET', record, 'size'))
if size > most or (size == most and not known) then
  redis.call('HSET', record, 'document', document, 'size', size)
end
redis.call('HSET', record, 'state', 'registering')
redis.call('HINCRBY', record, 'revision', 1)
redis.call('ZREM', key('preflights'), id)
if not known then
  redis.call('RPUSH', key('period-events', id), event)
end
return {redis.call('LINDEX', key('period-events', id), 0) == event and 'first' or 'later'}
