-- Let what the archive holds be known here, where it is not: after a move, and above all after Redis was lost. ARGV: id of
-- the archive, entries known from now on, places of the log of actions that it holds, then entries: kind, key and three words
-- (invoice: leaf, hash, periods; period: leaf, number of invoices, none; joined: period; event: hashes, time). What Redis
-- holds itself is left as it is: it may have gone on since. Answers ok; other, where Redis belongs to another archive.
local log, size, actions = ARGV[3], ARGV[4], tonumber(ARGV[5])
local archive = key('archive')
local fresh = redis.call('EXISTS', archive) == 0
redis.call('HSETNX', archive, 'log', log)
if redis.call('HGET', archive, 'log') ~= log then return {'other'} end

local kinds = {}
function kinds.invoice(id, leaf, digest, periods)
  local kept = archived(id)
  if redis.call('EXISTS', key('invoice', id)) == 1 or kept and tonumber(kept.leaf) >= tonumber(leaf) then return end
  keep_archived(id, leaf, digest, periods)
  for of in each(periods) do redis.call('SADD', key('exports'), string.match(of, '^[^-]+')) end
end

function kinds.period(id, leaf, invoices)
  local kept = string.match(redis.call('HGET', key('archived-periods'), id) or '-1', '^%S+')
  if redis.call('EXISTS', key('period', id)) == 0 and tonumber(kept) < tonumber(leaf) then
    note_archived_period(id, leaf, invoices)
  end
end

function kinds.joined(id, period)
  local kept = archived(id)
  local known = kept and string.find(' ' .. kept.periods .. ' ', ' ' .. period .. ' ', 1, true)
  if kept and not known then keep_archived(id, kept.leaf, kept.digest, kept.periods .. ' ' .. period) end
end

function kinds.event(event, hashes, at)
  redis.call('ZADD', key('events'), 'NX', at, event)
  if hashes ~= '' then redis.call('HSETNX', key('event-contents'), event, hashes) end
end

for at = 6, #ARGV, 5 do kinds[ARGV[at]](unpack(ARGV, at + 1, at + 4)) end
if tonumber(redis.call('HGET', archive, 'size') or '0') < tonumber(size) then redis.call('HSET', archive, 'size', size) end
if fresh and actions > 0 then redis.call('HSET', archive, 'actions', actions) end
return {'ok'}
