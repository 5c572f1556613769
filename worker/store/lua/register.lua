-- Write invoices as received. ARGV: period, event key, token, then per invoice:
-- id, export, number, type, region, content, hash. Answers what became of each, in order.
local period, event, token = ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', key('period', period)) == 0 then return {'gone'} end

local function join(id, invoice_number, state, periods)
  redis.call('HSET', key('invoice', id), 'periods', periods)
  redis.call('ZADD', key('members', period), invoice_number, id)
  count(period, state, 1)
end

local function belongs(id)
  return redis.call('ZSCORE', key('members', period), id)
end

local function add(id, export, invoice_number, kind, region, content, hash)
  redis.call('HSET', key('invoice', id), 'export', export, 'number', invoice_number, 'type', kind, 'region', region,
    'content', content, 'hash', hash, 'state', 'received', 'outcome', '', 'attempts', '0', 'crashes', '0',
    'fence', '0', 'lease_until', '0', 'due_at', '0', 'published_at', '0', 'first_published_at', '0',
    'received_at', AT, 'passed_at', '0', 'updated_at', AT, 'progress', '{}', 'generation', '0', 'lookup', '0', 'sent', '0',
    'failure', '', 'token', token)
  redis.call('SADD', key('exports'), export)
  join(id, invoice_number, 'received', period)
  note(id, 'received', period)
  return 'added'
end

local function replace(id, kind, region, content, hash)
  local invoice = key('invoice', id)
  redis.call('HINCRBY', invoice, 'generation', 1) -- other content never travels under a used key
  redis.call('HSET', invoice, 'type', kind, 'region', region, 'content', content, 'hash', hash, 'attempts', '0',
    'crashes', '0', 'progress', '{}', 'failure', '', 'token', token)
  move(id, 'received', 'replaced', period)
  return 'replaced'
end

local function conflict(id, content)
  local field = id .. ' ' .. event
  local text = '{"invoice_id":' .. cjson.encode(id) .. ',"event_key":' .. cjson.encode(event)
    .. ',"content":' .. cjson.encode(content) .. ',"at":' .. AT .. '}'
  if redis.call('HSETNX', key('conflicts', period), field, text) == 1 then note(id, 'conflict', event) end
  return 'conflicts'
end

local function register(id, export, invoice_number, kind, region, content, hash)
  local state, known, sent, periods, last = unpack(
    redis.call('HMGET', key('invoice', id), 'state', 'hash', 'sent', 'periods', 'token'))
  if not state then return add(id, export, invoice_number, kind, region, content, hash) end
  local open = state ~= 'exporting' and state ~= 'exported' and sent == '0'
  if known ~= hash and not open then return conflict(id, content) end
  if not belongs(id) then
    join(id, invoice_number, state, periods .. ' ' .. period)
    if known == hash then note(id, 'joined', period) end
  end
  if known ~= hash then return replace(id, kind, region, content, hash) end
  if last ~= token then return 'known' end
  -- The answer to this very call was lost: give it again.
  return redis.call('HGET', key('invoice', id), 'generation') == '0' and 'added' or 'replaced'
end

local answer = {'ok'}
for at = 6, #ARGV, 7 do
  table.insert(answer, register(unpack(ARGV, at, at + 6)))
end
redis.call('HINCRBY', key('period', period), 'revision', 1)
return answer
