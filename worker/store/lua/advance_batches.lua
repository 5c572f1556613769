-- Take every running batch a step further. ARGV: token, invoices under way at once, invoices that are only marked in one
-- step, outcomes that a re-export leaves alone. Answers the batches that have come to their end.
local token, window, most_marked, stays = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local reply = key('advanced', token)
if redis.call('EXISTS', reply) == 1 then return redis.call('LRANGE', reply, 0, -1) end
local SLOW = 0.1 -- part of the window while the export has other invoices under way

-- Export -> invoices of all its batches that are under way: they share one window, the oldest batch first.
-- Export -> those of them that are queued or being exported.
local under_way, moving = {}, {}

local function settle(batch, record, id, result)
  redis.call('HSET', key('batch-results', batch), id, result)
  redis.call('HINCRBY', record, string.match(result, '^%S+'), 1)
  redis.call('SREM', key('batch-out', batch), id)
end

-- Note what became of those under way.
local function look(batch, record, export)
  for _, id in ipairs(redis.call('SMEMBERS', key('batch-out', batch))) do
    local state, outcome, failure = unpack(redis.call('HMGET', key('invoice', id), 'state', 'outcome', 'failure'))
    if state == 'exported' then
      settle(batch, record, id, 'exported ' .. outcome)
    elseif state == 'dead' then
      settle(batch, record, id, 'dead ' .. (failure ~= '' and cjson.decode(failure).reason or ''))
    elseif not state then
      settle(batch, record, id, 'left unknown')
    elseif state == 'queued' or state == 'exporting' then
      moving[export] = (moving[export] or 0) + 1
    end
  end
end

local function act(action, id, batch, order)
  local detail = order.why ~= '' and order.by .. ': ' .. order.why or order.by
  if action == 'requeue' then return requeue(id, batch, detail) end
  if action == 'reexport' then return reexport(id, batch, detail, stays) end
  return mark_exported(id, batch, action == 'discard' and 'discarded' or 'by-hand', detail)
end

local function begin(batch, record, action, order, member)
  local id, moved_at = string.match(member, '^(%S+) (%S+)$')
  local state, updated_at = unpack(redis.call('HMGET', key('invoice', id), 'state', 'updated_at'))
  local same = state and (moved_at == '0' or tonumber(updated_at) == tonumber(moved_at))
  if not same or not act(action, id, batch, order) then
    settle(batch, record, id, 'left ' .. (state or archived(id) and 'archived' or 'unknown'))
  elseif action == 'requeue' or action == 'reexport' then
    redis.call('SADD', key('batch-out', batch), id)
    under_way[order.export] = under_way[order.export] + 1
  else
    settle(batch, record, id, 'exported ' .. (action == 'discard' and 'discarded' or 'by-hand'))
  end
end

-- How many may be begun now.
local function room(export, action)
  if action ~= 'requeue' and action ~= 'reexport' then return most_marked end
  if export_status(export, 'paused') then return 0 end
  local others = -(moving[export] or 0)
  for _, index in ipairs({'unsent', 'sent', 'leases'}) do others = others + redis.call('ZCARD', key(index, export)) end
  return (others > 0 and math.max(1, math.floor(window * SLOW)) or window) - under_way[export]
end

local function advance(batch)
  local record = key('batch', batch)
  local text, state, begun, total = unpack(redis.call('HMGET', record, 'order', 'state', 'begun', 'total'))
  local order = cjson.decode(text)
  if state == 'running' then
    local some = room(order.export, order.action)
    if some > 0 then
      local members = redis.call('LRANGE', key('batch-members', batch), begun, begun + some - 1)
      for _, member in ipairs(members) do begin(batch, record, order.action, order, member) end
      begun = redis.call('HINCRBY', record, 'begun', #members)
    end
  end
  local over = redis.call('SCARD', key('batch-out', batch)) == 0 and (state == 'cancelled' or tonumber(begun) >= tonumber(total))
  if not over then return false end
  redis.call('HSET', record, 'state', state == 'running' and 'done' or state, 'ended_at', AT)
  redis.call('ZREM', key('batches-open'), batch)
  return true
end

local answer, open = {}, redis.call('ZRANGE', key('batches-open'), 0, -1)
for _, batch in ipairs(open) do
  local export = redis.call('HGET', key('batch', batch), 'export')
  look(batch, key('batch', batch), export)
  under_way[export] = (under_way[export] or 0) + redis.call('SCARD', key('batch-out', batch))
end
for _, batch in ipairs(open) do
  if advance(batch) then table.insert(answer, batch) end
end
if #answer > 0 then
  redis.call('RPUSH', reply, unpack(answer))
  redis.call('EXPIRE', reply, 60) -- longer than a client repeats a call
end
return finish(answer)
