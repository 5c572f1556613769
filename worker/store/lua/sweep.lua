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
local function last_chance(id, export)
  local turn = math.max(NOW, tonumber(redis.call('HGET', key('alone'), export) or '0'))
  redis.call('HSET', key('alone'), export, number(turn + alone_for))
  redis.call('HSET', key('invoice', id), 'failure', suspected)
  return turn
end

local function again(id, export, crashes, turn)
  move(id, turn > NOW and 'waiting' or 'queued', 'lease-expired', 'crashes ' .. crashes)
  if turn <= NOW then return call_for_message(id, export, true) end
  redis.call('HSET', key('invoice', id), 'due_at', number(turn))
  redis.call('ZADD', key('due', export), number(turn), id)
end

local function expire(id, export)
  local invoice = key('invoice', id)
  local crashes = redis.call('HINCRBY', invoice, 'crashes', 1)
  if crashes >= max_crashes then
    redis.call('HSET', invoice, 'failure', killed)
    move(id, 'dead', 'dead', reason)
  else
    again(id, export, crashes, crashes == max_crashes - 1 and last_chance(id, export) or NOW)
  end
end

local function due(id, export)
  move(id, 'queued', 'due', '')
  call_for_message(id, export)
end

local function lost(id, export) -- it goes to the end of the line until it is published
  redis.call('HSET', key('invoice', id), 'published_at', '0')
  redis.call('ZREM', key('sent', export), id)
  redis.call('ZADD', key('unsent', export), AT, id)
  call_for_message(id, export)
end

local function sweep(export, room)
  local function each_until(index, till, act)
    local found = redis.call('ZRANGEBYSCORE', key(index, export), '-inf', number(till), 'LIMIT', 0, room)
    for _, id in ipairs(found) do act(id, export) end
    room = room - #found
  end
  local reached = tonumber(redis.call('HGET', key('reached'), export) or '0')
  local silent = math.min(NOW - lost_after, reached - overtaken_by)
  if idle[export] then silent = math.max(silent, NOW - idle_after) end
  each_until('leases', NOW, expire)
  each_until('due', NOW, due)
  each_until('unsent', NOW - lost_after, lost)
  each_until('sent', silent, lost)
end

local exports = {}
for _, export in ipairs(redis.call('SMEMBERS', key('exports'))) do
  if not is_paused(export) then table.insert(exports, export) end
end
table.sort(exports)
-- Each export has its share, so that a large one cannot keep a small one waiting.
for _, export in ipairs(exports) do sweep(export, math.max(1, math.floor(limit / #exports))) end

if #answer > 0 then
  for _, word in ipairs(answer) do redis.call('RPUSH', reply, word) end
  redis.call('EXPIRE', reply, 60) -- longer than a client repeats a call
end
return answer
