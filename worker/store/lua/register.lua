-- Write invoices as received. ARGV: period, event key, token, then per invoice:
-- id, export, number, type, region, content, hash, searchable text. Answers what became of each, in order.
local period, event, token = ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', key('period', period)) == 0 then return {'gone'} end
local exports, searchable = {}, {}
local archives = redis.call('EXISTS', key('archive')) == 1 -- whether anything was ever archived

-- Let an invoice be found in this period; its id and text are searched, and stand before what is answered.
local function let_find(id, text)
  searchable[#searchable + 1] = string.lower(id) .. ' ' .. text .. '\t' .. id .. '\n'
end

local function belongs(periods)
  for known in each(periods) do
    if known == period then return true end
  end
  return false
end

local function add(id, export, invoice_number, kind, region, content, hash, text)
  local invoice, changes = {id = id}, {export = export, number = invoice_number, type = kind, region = region,
    content = content, hash = hash, state = 'received', outcome = '', attempts = '0', crashes = '0', periods = period,
    fence = '0', lease_until = '0', due_at = '0', published_at = '0', first_published_at = '0',
    received_at = AT, passed_at = '0', updated_at = AT, progress = '{}', generation = '0', lookup = '0', sent = '0',
    failure = '', token = token}
  note(invoice, changes, 'received', period)
  write(invoice, changes)
  exports[export] = true
  count(period, 'received', 1)
  weigh(weight_received, invoice, period, 1)
  place_among_members(invoice, period)
  let_find(id, text)
  return 'added'
end

-- Add an invoice to this period as well; what the record then has to say goes into `changes`.
local function join(invoice, changes, text)
  invoice.content = plain(redis.call('HGET', key('invoice', invoice.id), 'content'))
  count(period, invoice.state, 1)
  weigh(weight_received, invoice, period, 1)
  if invoice.state == 'exported' then weigh(weight_exported, read_weight(invoice), period, 1) end
  local cause, stake = unpack(redis.call('HMGET', key('invoice', invoice.id), 'cause', 'stake'))
  if cause and cause ~= '' then weigh_stake(invoice.failure, stake, period, 1) end
  place_among_members(invoice, period)
  let_find(invoice.id, text)
  invoice.periods = invoice.periods .. ' ' .. period
  changes.periods = invoice.periods
end

-- `invoice`: its record; nil of one that is archived, whose history is closed.
local function conflict(id, invoice, content)
  local field = id .. ' ' .. event
  local text = '{"invoice_id":' .. cjson.encode(id) .. ',"event_key":' .. cjson.encode(event)
    .. ',"content":' .. cjson.encode(content) .. ',"at":' .. AT .. '}'
  if redis.call('HSETNX', key('conflicts', period), field, text) == 1 and invoice then
    local changes = {}
    note(invoice, changes, 'conflict', event)
    write(invoice, changes)
  end
  return 'conflicts'
end

local function replace(invoice, changes, kind, region, content, hash, text)
  invoice.content = plain(redis.call('HGET', key('invoice', invoice.id), 'content'))
  weigh(weight_received, invoice, invoice.periods, -1)
  changes.generation = string.format('%d', invoice.generation + 1) -- other content never travels under a used key
  changes.type, changes.region, changes.content, changes.hash = kind, region, content, hash
  changes.attempts, changes.crashes, changes.progress, changes.failure, changes.token = '0', '0', '{}', '', token
  move(invoice, 'received', 'replaced', period, changes)
  weigh(weight_received, invoice, invoice.periods, 1)
  let_find(invoice.id, text)
  return 'replaced'
end

-- One that is archived is in e-conomic: like any other that is exported, it is never taken in again.
local function again(id, kept, content, hash)
  if string.sub(hash, 1, DIGEST) ~= kept.digest then return conflict(id, nil, content) end
  if not belongs(kept.periods) then
    keep_archived(id, kept.leaf, kept.digest, kept.periods .. ' ' .. period)
    redis.call('SADD', key('archived-members', period), id)
    redis.call('HINCRBY', key('period', period), 'archived', 1)
  end
  return 'known'
end

local function register(id, export, invoice_number, kind, region, content, hash, text)
  local invoice = read(id, 'hash', 'sent', 'token', 'generation')
  if not invoice then
    local kept = archives and archived(id)
    if kept then return again(id, kept, content, hash) end
    return add(id, export, invoice_number, kind, region, content, hash, text)
  end
  local same = invoice.hash == hash
  local open = invoice.state ~= 'exporting' and invoice.state ~= 'exported' and invoice.sent == '0'
  if not same and not open then return conflict(id, invoice, content) end
  local changes, joins = {}, not belongs(invoice.periods)
  if joins then join(invoice, changes, text) end
  if not same then return replace(invoice, changes, kind, region, content, hash, text) end
  if joins then
    note(invoice, changes, 'joined', period)
    write(invoice, changes)
  end
  if invoice.token ~= token then return 'known' end
  -- The answer to this very call was lost: give it again.
  return invoice.generation == '0' and 'added' or 'replaced'
end

local answer = {'ok'}
for at = 6, #ARGV, 8 do
  table.insert(answer, register(unpack(ARGV, at, at + 7)))
end
if #searchable > 0 then redis.call('APPEND', key('search', period), table.concat(searchable)) end
redis.call('HINCRBY', key('period', period), 'revision', 1)
for export in pairs(exports) do redis.call('SADD', key('exports'), export) end
return finish(answer)
