-- Find what needs a message. ARGV: token, limit, lost after, idle after, overtaken by, crashes allowed, failure of
-- a killed worker, its reason, failure of one on its last chance, seconds that this has to itself, then the exports
-- whose queue is empty. Answers id, export, and whether its worker died (1 or 0) of each.
local token, limit = ARGV[3], tonumber(ARGV[4])
local lost_after, idle_after, overtaken_by = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local max_crashes, killed, reason = tonumber(ARGV[8]), ARGV[9], ARGV[10]
local suspected, alone_for = ARGV[11], tonumber(ARGV[12])

local reply = key('sweep', token)
if redis.call('EXISTS', reply) == 1 then return redis.call('LRANGE', reply, 0, -1) end

local idle, answer = {}, {}
for at = 13, #ARGV do idle[ARGV[at]] = true end

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

local function expire(id, export)
  local invoice = read(id, 'crashes')
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

local function sweep(export, room)
  local function each_until(index, till, act)
    local ids = redis.call('ZRANGEBYSCORE', key(index, export), '-inf', number(till), 'LIMIT', 0, room)
    for _, id in ipairs(ids) do act(id, export) end
    room = room - #ids
  end
  local reached = tonumber(export_status(export, 'reached') or '0')
  local silent = math.min(NOW - lost_after, reached - overtaken_by)
  if idle[export] then silent = math.max(silent, NOW - idle_after) end
  correct_leases(export)
  each_until('leases', NOW, expire)
  each_until('due', NOW, due)
  each_until('unsent', NOW - lost_after, lost)
  each_until('sent', silent, lost)
end

local exports = {}
for _, export in ipairs(redis.call('SMEMBERS', key('exports'))) do
  if not export_status(export, 'paused') then table.insert(exports, export) end
end
table.sort(exports)
-- Each export has its share, so that a large one cannot keep a small one waiting.
for _, export in ipairs(exports) do sweep(export, math.max(1, math.floor(limit / #exports))) end

if #answer > 0 then
  in_batches('RPUSH', reply, answer)
  redis.call('EXPIRE', reply, 60) -- longer than a client repeats a call
end
return finish(answer)
