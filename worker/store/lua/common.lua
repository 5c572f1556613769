-- Stands before every script of the ledger: its names, its time, and the one way to move an invoice.
--
-- ARGV[1] is the prefix of all keys, ARGV[2] the time (empty: the server's own, so that hosts need not agree).
-- Keys are made up here rather than declared in KEYS, as which ones are touched depends on what is stored (the
-- periods of an invoice): so the ledger needs one Redis, not Redis Cluster.
--
-- A script may run twice, as the client repeats it when an answer was lost. The second run must leave the same
-- ledger and give the same answer: `token` names the call, and the record keeps the token of its last change.

local PREFIX = ARGV[1]

local function key(...)
  return PREFIX .. table.concat({...}, ':')
end

local function number(value)
  return string.format('%.17g', value) -- the same double again in every language
end

local function clock()
  if ARGV[2] ~= '' then return tonumber(ARGV[2]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local NOW = clock()
local AT = number(NOW)

local function note(id, event, detail)
  redis.call('RPUSH', key('history', id), '[' .. AT .. ',' .. cjson.encode(event) .. ',' .. cjson.encode(detail) .. ']')
end

local function each(joined)
  return string.gmatch(joined, '%S+')
end

-- Period and invoice ids hold no spaces (see worker.domain.identity).
local function count(periods, state, by)
  for period in each(periods) do redis.call('HINCRBY', key('counts', period), state, by) end
end

-- By state: where an invoice is found when its time has come. Per export, so that a paused one holds up no other.
local INDEXES = {
  exporting = {'leases'}, -- by the end of the lease
  waiting = {'due'},      -- by due_at
  queued = {'unsent', 'sent'}, -- by when it was queued, or published
  received = {}, exported = {}, dead = {},
}

-- Every transition goes through here: counts of all its periods, indexes and history move together.
local function move(id, to, event, detail)
  local invoice = key('invoice', id)
  local from, export, periods = unpack(redis.call('HMGET', invoice, 'state', 'export', 'periods'))
  for _, index in ipairs(INDEXES[from]) do redis.call('ZREM', key(index, export), id) end
  redis.call('HSET', invoice, 'state', to, 'lease_until', '0', 'due_at', '0',
    'published_at', '0', 'first_published_at', '0', 'updated_at', AT)
  if from ~= to then
    count(periods, from, -1)
    count(periods, to, 1)
    if from == 'dead' then redis.call('ZREM', key('dead'), id) end
    if to == 'dead' then redis.call('ZADD', key('dead'), AT, id) end
  end
  if to == 'queued' then redis.call('ZADD', key('unsent', export), AT, id) end
  note(id, event, detail)
  return export
end

local function hold(id, export, lease)
  local till = number(NOW + tonumber(lease))
  redis.call('HSET', key('invoice', id), 'lease_until', till, 'updated_at', AT)
  redis.call('ZADD', key('leases', export), till, id)
end

local function is_paused(export)
  return redis.call('HEXISTS', key('paused'), export) == 1
end

-- The preflight of a period is due, unless more of it is just being written: then the end of that makes it due.
local function call_for_preflight(period)
  local record = key('period', period)
  redis.call('HINCRBY', record, 'revision', 1)
  if redis.call('HGET', record, 'state') ~= 'registering' then
    redis.call('HSET', record, 'state', 'registered')
    redis.call('ZADD', key('preflights'), AT, period)
  end
end
