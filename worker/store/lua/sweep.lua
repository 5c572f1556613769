-- Find what needs a message. ARGV: token, limit, lost after, idle after, overtaken by, crashes allowed, failure of
-- a killed worker, its reason, failure of one on its last chance, seconds that this has to itself, seconds of a lease,
-- seconds within which a restart has lost nothing, then the exports whose queue is empty. Answers id, export, and
-- whether its worker died (1 or 0) of each.
local token, limit = ARGV[3], tonumber(ARGV[4])
local lost_after, idle_after, overtaken_by = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local max_crashes, killed, reason = tonumber(ARGV[8]), ARGV[9], ARGV[10]
local suspected, alone_for, lease = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])

local reply = key('sweep', token)
if redis.call('EXISTS', reply) == 1 then return redis.call('LRANGE', reply, 0, -1) end

if sign_due(redis.call('HGET', key('export-status'), 'alive_at')) then doubt_lost_writes(tonumber(ARGV[14])) end

local idle, answer = {}, {}
for at = 15, #ARGV do idle[ARGV[at]] = true end

local function call_for_message(id, export, recovered)
  table.insert(answer, id)
  table.insert(answer, export)
  table.insert(answer, recovered and '1' or '0')
end

-- An invoice that kills its worker takes along whatever that worker holds; on their last chance they run one by one.
local function turn_of_last_chance(export)
  local turn = math.max(NOW, tonumber(export_status(export, 'alone') or '0'))
  set_export_status(export, 'alone', number(turn + alone_for))
  return turn
end

-- A server that was started, or became the primary, within a lease: whoever held that could not renew it, and no
-- process need have died. The id of a run changes with both. Without the right to ask, every lease counts.
local function store_came_back()
  local info = redis.pcall('INFO', 'server')
  local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
  local known, back = unpack(redis.call('HMGET', key('store-run'), 'id', 'since'))
  if known == run or run == '' then return tonumber(back or '0') end
  back = known and AT or '0' -- the first run that is seen followed no other
  redis.call('HSET', key('store-run'), 'id', run, 'since', back)
  return tonumber(back)
end
local BACK = store_came_back()

local function expire(id, export)
  local invoice = read(id, 'crashes', 'lease_until')
  if invoice.lease_until - lease <= BACK then
    move(invoice, 'queued', 'lease-expired', 'the store was away', {})
    return call_for_message(id, export)
  end
  local crashes = invoice.crashes + 1
  local changes, turn = {crashes = string.format('%d', crashes)}, NOW
  if crashes >= max_crashes then
    changes.failure = killed
    return move(invoice, 'dead', 'dead', reason, changes)
  end
  if crashes == max_crashes - 1 then
    turn, changes.failure = turn_of_last_chance(export), suspected
  end
  local waits = turn > NOW
  if waits then changes.due_at = number(turn) end
  move(invoice, waits and 'waiting' or 'queued', 'lease-expired', 'crashes ' .. changes.crashes, changes, number(turn))
  if not waits then call_for_message(id, export, true) end
end

local function due(id, export)
  move(read(id), 'queued', 'due', '', {})
  call_for_message(id, export)
end

local function lost(id, export) -- it goes to the end of the line until it is published
  local invoice = read(id)
  local old = index_of(invoice)
  write(invoice, {published_at = '0'})
  place(old, id, false)
  place(index_of(invoice), id, AT)
  call_for_message(id, export)
end

-- Saves and renewals extend a lease in the record alone: its place in the index is corrected before it is believed.
local function correct_leases(export)
  local leases = key('leases', export)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', AT)) do
    redis.call('ZADD', leases, redis.call('HGET', key('invoice', id), 'lease_until'), id)
  end
end

-- What stands still in an export: which indexes to read, until when, and what to do; and how many there are of each.
local function standing_still(export)
  local reached = tonumber(export_status(export, 'reached') or '0')
  local silent = math.min(NOW - lost_after, reached - overtaken_by)
  if idle[export] then silent = math.max(silent, NOW - idle_after) end
  correct_leases(export)
  local found, total = {}, 0
  for _, kind in ipairs({{'leases', NOW, expire}, {'due', NOW, due}, {'unsent', NOW - lost_after, lost},
      {'sent', silent, lost}}) do
    local index, till, act = unpack(kind)
    local here = redis.call('ZCOUNT', key(index, export), '-inf', number(till))
    if here > 0 then
      found[#found + 1] = {index = key(index, export), till = number(till), act = act}
      total = total + here
    end
  end
  return {export = export, found = found, total = total}
end

local function sweep(still, room)
  for _, kind in ipairs(still.found) do
    local ids = redis.call('ZRANGEBYSCORE', kind.index, '-inf', kind.till, 'LIMIT', 0, room)
    for _, id in ipairs(ids) do kind.act(id, still.export) end
    room = room - #ids
  end
end

-- Whether an export is paused; a pause that was ordered to be lifted by now is lifted.
local function is_paused(export)
  local paused, ordered = export_status(export, 'paused', 'resume')
  if not paused or not ordered then return paused end
  local order = cjson.decode(ordered)
  if tonumber(order.at) > NOW then return true end
  lift_pause(token .. ' ' .. export, export, order.who, order.why)
  return false
end

local exports = {}
for _, export in ipairs(redis.call('SMEMBERS', key('exports'))) do
  if not is_paused(export) then
    local still = standing_still(export)
    if still.total > 0 then table.insert(exports, still) end
  end
end
-- Each export has its share, so that a large one cannot keep a small one waiting; what the small ones leave over goes to
-- the larger.
table.sort(exports, function(a, b)
  if a.total ~= b.total then return a.total < b.total end
  return a.export < b.export
end)
for at, still in ipairs(exports) do
  local room = math.min(still.total, math.max(1, math.floor(limit / (#exports - at + 1))))
  sweep(still, room)
  limit = limit - room
end

if #answer > 0 then
  in_batches('RPUSH', reply, answer)
  redis.call('EXPIRE', reply, 60) -- longer than a client repeats a call
end
return finish(answer)
