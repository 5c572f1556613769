-- Stands before every script of the store: its names, its time, and the one way to move an invoice.
--
-- ARGV[1] is the prefix of all keys, ARGV[2] the time (empty: the server's own, so that hosts need not agree).
-- Keys are made up here rather than declared in KEYS, as which ones are touched depends on what is stored (the
-- periods of an invoice): so the store needs one Redis, not Redis Cluster.
--
-- A script may run twice, as the client repeats it when an answer was lost. The second run must leave the same
-- records and give the same answer: `token` names the call, and the record keeps the token of its last change.
--
-- An invoice is read by one HMGET and written by one HSET. Sorted sets and counts are collected while a script runs
-- and written once by `finish`, so that a chunk of invoices costs one command a set.

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

local function each(joined)
  return string.gmatch(joined, '%S+')
end

-- Collected writes: sorted set -> member -> score (false: removed), and the counts and sums of periods.
local placed, counted = {}, {}

local function place(set, member, score)
  placed[set] = placed[set] or {}
  placed[set][member] = score
end

-- Period and invoice ids hold no spaces (see worker.domain.identity).
local function count(periods, state, by)
  for period in each(periods) do
    local counts = key('counts', period)
    counted[counts] = counted[counts] or {}
    counted[counts][state] = (counted[counts][state] or 0) + by
  end
end

local BATCH = 1000 -- words of one command; Lua can pass on some thousands

local function in_batches(command, set, words)
  for at = 1, #words, BATCH do
    redis.call(command, set, unpack(words, at, math.min(at + BATCH - 1, #words)))
  end
end

-- Add to the numbers of a hash, and note when; a zero stays where nothing is left.
local function add_up(hash, numbers)
  local names, words = {}, {'last', AT}
  for name in pairs(numbers) do names[#names + 1] = name end
  for at = 1, #names, BATCH do
    local known = redis.call('HMGET', hash, unpack(names, at, math.min(at + BATCH - 1, #names)))
    for nth, before in ipairs(known) do
      local name = names[at + nth - 1]
      words[#words + 1], words[#words + 2] = name, string.format('%.0f', (before or 0) + numbers[name])
    end
  end
  in_batches('HSET', hash, words)
end

-- Log what a person did, as part of doing it; `token` names the call, so that a repeat of it adds nothing. Answers whether
-- anything was added.
local function act(token, what, who, why, export, ids)
  if not redis.call('SET', key('acted', token), '1', 'NX', 'EX', '600') then return false end
  local named = table.concat(ids, ' ', 1, math.min(#ids, 20))
  redis.call('RPUSH', key('actions'), cjson.encode({at = AT, what = what, who = who, why = why, export = export,
    of = named, count = string.format('%d', #ids)}))
  return true
end

-- The actions on invoices, one entry for each export: ids begin with its name.
local function act_on_invoices(token, what, who, why, ids)
  local exports = {}
  for _, id in ipairs(ids) do
    local export = string.match(id, '^[^-]+')
    exports[export] = exports[export] or {}
    table.insert(exports[export], id)
  end
  for export, of_it in pairs(exports) do act(token .. ' ' .. export, what, who, why, export, of_it) end
end

-- Write what was collected; the last thing that a script does. Answers its argument.
local function finish(answer)
  for set, members in pairs(placed) do
    local added, removed = {}, {}
    for member, score in pairs(members) do
      if score then
        added[#added + 1], added[#added + 2] = score, member
      else
        removed[#removed + 1] = member
      end
    end
    in_batches('ZADD', set, added)
    in_batches('ZREM', set, removed)
  end
  for counts, numbers in pairs(counted) do add_up(counts, numbers) end
  return answer
end

-- Fields that the record of a finished invoice leaves out while they are these, see shorten.lua; besides, those that its
-- id says: export and number.
local LEFT_OUT = {sent = '1', fence = '1', type = 'invoice', attempts = '0', crashes = '0', lease_until = '0', due_at = '0', published_at = '0',
  first_published_at = '0', generation = '0', lookup = '0', failure = '', region = ''}

-- A content in full, however it is written; see worker/store/short_content.py.
local EXPANDED = {}
for _, pair in ipairs(PHRASES) do EXPANDED[pair[1]] = pair[2] end
local SHORT = 31
local function plain(content)
  if not content or string.byte(content) ~= SHORT then return content end
  return (string.gsub(string.sub(content, 2), '%c', EXPANDED))
end

-- Export and number of an invoice, which its id begins and ends with.
local function in_id(id, fields)
  return fields.export or string.match(id, '^[^-]+'), fields.number or string.match(id, '%d+$')
end

-- Read an invoice: what `move` needs and the fields named. Nil when there is none.
local function read(id, ...)
  local names = {'state', 'export', 'periods', 'history', 'published_at', 'number', 'failure', ...}
  local values = redis.call('HMGET', key('invoice', id), unpack(names))
  if not values[1] then return nil end
  local invoice = {id = id}
  for at, name in ipairs(names) do invoice[name] = values[at] or LEFT_OUT[name] end
  invoice.export, invoice.number = in_id(id, invoice)
  invoice.content = plain(invoice.content)
  return invoice
end

-- What is left here of an archived invoice: leaf of the archive, beginning of its content's hash, its periods. A hundred
-- share one small hash. `worker/store/archived.py` finds it by the same names. Nil when there is none.
local DIGEST = 24 -- characters of the hash
local function archived_place(id)
  local before, last = string.match(id, '^(.-)(%d?%d)$')
  return key('archived', before or id), last or ''
end

local function archived(id)
  local hash, field = archived_place(id)
  local text = redis.call('HGET', hash, field)
  if not text then return nil end
  local leaf, digest, periods = string.match(text, '^(%d+) (%S+) (.*)$')
  return {leaf = leaf, digest = digest, periods = periods}
end

local function keep_archived(id, leaf, digest, periods)
  local hash, field = archived_place(id)
  redis.call('HSET', hash, field, leaf .. ' ' .. string.sub(digest, 1, DIGEST) .. ' ' .. periods)
end

-- Count archived periods and their invoices by export, where an older version has not.
local function count_archived()
  local totals = key('archived-totals')
  if redis.call('EXISTS', totals) == 1 then return totals end
  local kept = redis.call('HGETALL', key('archived-periods'))
  for at = 1, #kept, 2 do
    local export = string.match(kept[at], '^[^-]+')
    redis.call('HINCRBY', totals, export .. ' periods', 1)
    redis.call('HINCRBY', totals, export .. ' invoices', string.match(kept[at + 1], '%d+$'))
  end
  return totals
end

-- Note that a period has left for the archive, and where its entry is there.
local function note_archived_period(period, leaf, invoices)
  local totals, before = count_archived(), redis.call('HGET', key('archived-periods'), period)
  local export, known = string.match(period, '^[^-]+'), before and string.match(before, '%d+$') or 0
  if not before then redis.call('HINCRBY', totals, export .. ' periods', 1) end
  redis.call('HINCRBY', totals, export .. ' invoices', string.format('%d', invoices - known))
  redis.call('HSET', key('archived-periods'), period, leaf .. ' ' .. invoices)
end

local function write(invoice, changes)
  local words = {}
  for field, value in pairs(changes) do
    words[#words + 1], words[#words + 2] = field, value
    invoice[field] = value
  end
  redis.call('HSET', key('invoice', invoice.id), unpack(words))
end

local LONG_HISTORY = 2000 -- bytes; a history this long moves to its list

-- Put an entry into the changes of an invoice. The newest entries lie in the record, one a line, and cost no command
-- of their own; the older ones in a list.
local function note(invoice, changes, event, detail)
  local entry = '[' .. AT .. ',' .. cjson.encode(event) .. ',' .. cjson.encode(detail) .. ']'
  local history = (invoice.history or '') .. entry .. '\n'
  if #history > LONG_HISTORY then
    local entries = {}
    for line in string.gmatch(history, '[^\n]+') do entries[#entries + 1] = line end
    redis.call('RPUSH', key('history', invoice.id), unpack(entries))
    history = ''
  end
  changes.history = history
end

-- The sorted set where an invoice is found when its time has come. Per export, so that a paused one holds up no other.
local function index_of(invoice)
  if invoice.state == 'exporting' then return key('leases', invoice.export) end -- by the end of the lease, see sweep
  if invoice.state == 'waiting' then return key('due', invoice.export) end -- by due_at
  if invoice.state == 'dead' then return key('dead') end -- by when it died
  if invoice.state ~= 'queued' then return nil end
  if invoice.published_at == '0' then return key('unsent', invoice.export) end -- by when it was queued
  return key('sent', invoice.export) -- by when its message was published
end

local LARGEST_STAKE = 15 -- digits in hundredths; a larger amount counts as the largest, so that no sum can overflow

-- The gross of an invoice in hundredths, credit notes by their size, and its currency; nothing where it has none.
local function stake_of(content)
  local read_it, body = pcall(cjson.decode, content)
  if not read_it or type(body) ~= 'table' or type(body.gross) ~= 'string' or type(body.currency) ~= 'string' then return '' end
  local digits = string.gsub(body.gross, '[^%d]', '')
  if not string.find(body.gross, '%.%d%d$') then return '' end
  if #digits > LARGEST_STAKE then digits = string.rep('9', LARGEST_STAKE) end
  return body.currency .. ' ' .. string.format('%.0f', digits)
end

-- Dead letters lie by their cause: reason, field and value in one export. `worker.domain.causes.cause_id` makes the same id.
local function cause_of(export, failure)
  local parts = {export, failure.reason, failure.field or '', failure.value or ''}
  return string.sub(redis.sha1hex(table.concat(parts, '\n')), 1, 16)
end

local function add_stake(cause, stake, sign)
  local currency, hundredths = string.match(stake, '^(%S+) (%d+)$')
  if hundredths and hundredths ~= '0' then redis.call('HINCRBY', key('cause-stakes', cause), currency, sign .. hundredths) end
end

-- Reasons have numbers, so that they can be part of a score.
local function reason_number(failure)
  local understood, reason = pcall(function() return cjson.decode(failure).reason end)
  if not understood or type(reason) ~= 'string' then return 0 end
  local known = redis.call('HGET', key('reason-numbers'), reason)
  if known then return known end
  local next_number = math.min(redis.call('HLEN', key('reason-numbers')) + 1, 999)
  redis.call('HSET', key('reason-numbers'), reason, next_number)
  return next_number
end

-- Keep, with a period's sums, what its dead letters are worth by reason; see worker/store/frozen_sets.py.
local function weigh_stake(failure, stake, periods, sign)
  local where = 'dead:' .. reason_number(failure)
  local currency, hundredths = string.match(stake or '', '^(%S+) (%d+)$')
  count(periods, 'staked ' .. where, sign)
  if currency then count(periods, 'stake ' .. where .. ' ' .. currency, sign * tonumber(hundredths)) end
end

-- Put a dead letter to its cause; what the record has to say of it goes into `fields`.
local function enter_cause(invoice, failure, fields, died)
  local understood, told = pcall(cjson.decode, failure)
  if not understood or type(told) ~= 'table' or type(told.reason) ~= 'string' then return end
  local cause = cause_of(invoice.export, told)
  local stake = stake_of(redis.call('HGET', key('invoice', invoice.id), 'content') or '')
  fields.cause, fields.stake = cause, stake
  redis.call('ZADD', key('cause-dead', cause), died, invoice.id)
  redis.call('SADD', key('causes'), cause)
  redis.call('HSETNX', key('cause', cause), 'export', invoice.export)
  redis.call('HSETNX', key('cause', cause), 'failure', failure)
  redis.call('ZADD', key('cause-probes', invoice.export), 'NX', died, cause)
  add_stake(cause, stake, '')
  weigh_stake(failure, stake, invoice.periods, 1)
end

local function leave_cause(invoice, fields)
  local cause, stake = unpack(redis.call('HMGET', key('invoice', invoice.id), 'cause', 'stake'))
  if not cause or cause == '' then return end
  fields.cause, fields.stake = '', ''
  redis.call('ZREM', key('cause-dead', cause), invoice.id)
  add_stake(cause, stake, '-')
  weigh_stake(invoice.failure, stake, invoice.periods, -1)
  if redis.call('EXISTS', key('cause-dead', cause)) == 1 then return end
  -- Its last one; invoices that were queued by themselves are still known, see clear_cause.
  redis.call('DEL', key('cause', cause), key('cause-stakes', cause))
  redis.call('SREM', key('causes'), cause)
  redis.call('ZREM', key('cause-probes', invoice.export), cause)
end

-- Place an invoice among the members of periods: by state, those that need a person first; then, where it failed or
-- waits, by reason; then by number. Read by worker/store/period_index.py.
local ORDER = {dead = 1, waiting = 2, exporting = 3, queued = 4, received = 5, exported = 6}
local function place_among_members(invoice, periods)
  local reason = (invoice.state == 'dead' or invoice.state == 'waiting') and reason_number(invoice.failure) or 0
  local score = string.format('%.0f', (ORDER[invoice.state] * 1000 + reason) * 1e10 + invoice.number)
  for period in each(periods) do place(key('members', period), invoice.id, score) end
end

-- What an invoice adds to the sums of its periods; see worker/domain/period_sums.py. Amounts in hundredths.
local function hundredths(amount)
  return math.floor(amount * 100 + 0.5)
end

local function weight_received(invoice)
  local content, units = cjson.decode(invoice.content), 0
  for _, line in ipairs(content.lines) do
    if line.economicUnits and next(line.economicUnits) then units = units + 1 end
  end
  return {registered = 1, units = units, ['gross ' .. content.currency] = hundredths(content.gross)}
end

local function weight_exported(invoice)
  local content, progress = cjson.decode(invoice.content), cjson.decode(invoice.progress)
  local found = {['outcome ' .. invoice.outcome] = 1, adopted = progress.adopted and 1 or 0}
  for _, remark in ipairs(progress.remarks or {}) do found['remark ' .. remark] = (found['remark ' .. remark] or 0) + 1 end
  local gross, currency = hundredths(content.gross), ' ' .. content.currency
  found['staked exported'], found['stake exported' .. currency] = 1, math.abs(gross)
  if invoice.outcome == 'excluded' or invoice.outcome == 'nothing-to-book' or invoice.outcome == 'discarded' then
    found['left-out' .. currency] = gross
  elseif invoice.outcome == 'by-hand' then
    found['by-hand' .. currency] = gross
  else
    local net, vat, booked = unpack(progress.booked_amounts or {content.net, content.vat, content.gross})
    found['net' .. currency], found['vat' .. currency] = hundredths(net), hundredths(vat)
    found['done' .. currency], found['difference' .. currency] = hundredths(booked), hundredths(booked) - gross
  end
  return found
end

-- Add the weight of an invoice to the sums of periods; `sign` -1 takes it away again. A content that cannot be read adds
-- nothing: the sums then count fewer invoices than there are, and whoever reads them adds the records up instead.
local function weigh(weight, invoice, periods, sign)
  local understood, found = pcall(weight, invoice)
  if not understood then return end
  for name, value in pairs(found) do
    local remark = string.match(name, '^remark (.*)$')
    for period in each(periods) do
      if remark then
        redis.call('ZINCRBY', key('remarks', period), sign * value, remark)
      else
        count(period, name, sign * value)
      end
    end
  end
end

-- What the sums need of an exported invoice and the caller has not read.
local function read_weight(invoice)
  if invoice.content and invoice.progress and invoice.outcome then return invoice end
  local content, progress, outcome = unpack(
    redis.call('HMGET', key('invoice', invoice.id), 'content', 'progress', 'outcome'))
  return {content = plain(content), progress = progress, outcome = outcome}
end

-- Put what a finished invoice had left out into its record again, before it goes on.
local function fill_up(invoice, fields)
  local names, values = {'export', 'number'}, {export = invoice.export, number = invoice.number}
  for name, value in pairs(LEFT_OUT) do names[#names + 1], values[name] = name, value end
  for at, value in ipairs(redis.call('HMGET', key('invoice', invoice.id), unpack(names))) do
    if not value and not fields[names[at]] then fields[names[at]] = values[names[at]] end
  end
  local content = redis.call('HGET', key('invoice', invoice.id), 'content')
  if content ~= plain(content) then fields.content = fields.content or plain(content) end
end

-- Every transition goes through here: record, counts and sums of all its periods, indexes and history change together.
-- `changes` are further fields; `score` is its place in the new index (default: now).
local function move(invoice, to, event, detail, changes, score)
  local from, old = invoice.state, index_of(invoice)
  if from == 'exported' then weigh(weight_exported, read_weight(invoice), invoice.periods, -1) end
  local fields = {state = to, lease_until = '0', due_at = '0', published_at = '0', first_published_at = '0',
    updated_at = AT}
  for field, value in pairs(changes) do fields[field] = value end
  if from == 'exported' then fill_up(invoice, fields) end
  note(invoice, fields, event, detail)
  if from == 'dead' then leave_cause(invoice, fields) end
  if to == 'dead' and (fields.failure or '') ~= '' then enter_cause(invoice, fields.failure, fields, AT) end
  write(invoice, fields)
  if from ~= to then
    count(invoice.periods, from, -1)
    count(invoice.periods, to, 1)
  end
  if to == 'exported' then
    weigh(weight_exported, read_weight(invoice), invoice.periods, 1)
    count(invoice.periods, 'minute ' .. math.floor(NOW / 60), 1)
  end
  place_among_members(invoice, invoice.periods)
  local new = index_of(invoice)
  if old and old ~= new then place(old, invoice.id, false) end
  if new then place(new, invoice.id, score or AT) end
end

-- What is known of an export as a whole: `paused` (the failure), `reached`, `alone`, `resumed`.
local function export_field(name, export)
  return name .. ' ' .. export
end

local function export_status(export, ...)
  local fields = {}
  for at, name in ipairs({...}) do fields[at] = export_field(name, export) end
  return unpack(redis.call('HMGET', key('export-status'), unpack(fields)))
end

local function set_export_status(export, name, value)
  redis.call('HSET', key('export-status'), export_field(name, export), value)
end

-- Lift a pause, and with it what was ordered about it; by nobody's name, nothing is logged.
local function lift_pause(token, export, who, why)
  redis.call('HDEL', key('export-status'), export_field('resume', export))
  if redis.call('HDEL', key('export-status'), export_field('paused', export)) == 0 then return end
  set_export_status(export, 'resumed', token)
  redis.call('DEL', key('pause-probe', export))
  if who ~= '' then act(token, 'resume', who, why, export, {export}) end
end

local ALIVE_EVERY = 1 -- seconds between two signs of life

-- Whether it is time for another sign of life, and so to see which server this is.
local function sign_due(alive_at)
  return not alive_at or NOW - alive_at >= ALIVE_EVERY or NOW < tonumber(alive_at)
end

-- A server that was started anew may have come back with less than it had answered (a restored copy, a power cut), and
-- one that took another's place may never have had it. Then every export counts as young: two lookups come before a
-- create. `within`: seconds from the store's last sign of life to a start that has lost nothing; 0: none is believed.
local function doubt_lost_writes(within)
  local info = redis.pcall('INFO', 'server')
  local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
  if not run then return end
  local known, alive_at = unpack(redis.call('HMGET', key('export-status'), 'served_by', 'alive_at'))
  redis.call('HSET', key('export-status'), 'served_by', run, 'alive_at', AT)
  if not known or known == run then return end
  local silent = NOW - tonumber(string.match(info, 'uptime_in_seconds:(%d+)')) - alive_at
  -- A start before the sign of life: it is another server.
  if within > 0 and 0 <= silent and silent <= within then return end
  for _, export in ipairs(redis.call('SMEMBERS', key('exports'))) do
    set_export_status(export, 'whole', AT)
  end
end

-- Whether a period is checked and none of its invoices is on its way: received, queued, exporting or waiting.
local function at_rest(period, state)
  if state ~= 'checked' and state ~= 'differs' then return false end
  local counts = redis.call('HMGET', key('counts', period), 'received', 'queued', 'exporting', 'waiting')
  for at = 1, 4 do
    if tonumber(counts[at] or '0') > 0 then return false end
  end
  return true
end

-- Whether a period has come to its end: nothing of it waits for a person or for another certificate.
local function at_its_end(period)
  local state = redis.call('HGET', key('period', period), 'state')
  if state ~= 'checked' or not at_rest(period, state) then return false end
  if tonumber(redis.call('HGET', key('counts', period), 'dead') or '0') > 0 then return false end
  for _, due in ipairs({'reconciles', 'preflights'}) do
    if redis.call('ZSCORE', key(due), period) then return false end
  end
  if redis.call('EXISTS', key('differences', period)) == 1 then return false end
  for _, text in ipairs(redis.call('HVALS', key('conflicts', period))) do
    if not string.find(text, ',"accepted":"', 1, true) then return false end
  end
  return true
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

-- What a person, or a batch, does with an invoice. Each answers whether it did, or this very call did it before.
local function requeue(id, token, who)
  local invoice = read(id, 'token')
  if not invoice then return false end
  if invoice.state ~= 'dead' then return invoice.state == 'received' and invoice.token == token end
  move(invoice, 'received', 'requeued', who, {attempts = '0', crashes = '0', failure = '', token = token})
  for period in each(invoice.periods) do call_for_preflight(period) end
  return true
end

-- `stays`: outcomes of exported ones that are left alone, with spaces between; empty: none.
local function reexport(id, token, who, stays)
  local invoice = read(id, 'token', 'outcome')
  if not invoice then return false end
  if invoice.state ~= 'exported' or string.find(' ' .. stays .. ' ', ' ' .. invoice.outcome .. ' ', 1, true) then
    return invoice.state == 'received' and invoice.token == token
  end
  move(invoice, 'received', 'reexport', who,
    {attempts = '0', crashes = '0', outcome = '', lookup = '1', sent = '1', token = token})
  for period in each(invoice.periods) do call_for_preflight(period) end
  return true
end

local function mark_exported(id, token, outcome, detail)
  local invoice = read(id, 'token', 'sent')
  if not invoice then return false end
  local state = invoice.state
  if state == 'exported' and invoice.token == token then return true end
  -- Of what is to be in no books nothing may be there.
  if outcome == 'discarded' and invoice.sent ~= '0' then return false end
  local still = state == 'received' or state == 'queued' or state == 'waiting'
  local differs = false
  for period in each(invoice.periods) do
    differs = differs or redis.call('HEXISTS', key('differences', period), id) == 1
  end
  local differing = state == 'exported' and differs
  if state ~= 'dead' and not (still and invoice.sent == '0') and not differing then return false end
  move(invoice, 'exported', outcome, detail, {outcome = outcome, failure = '', token = token})
  for period in each(invoice.periods) do redis.call('ZADD', key('reconciles'), AT, period) end
  return true
end

-- A batch whose set is written begins; `order` is what a person confirmed, as JSON.
local function start_batch(batch, export, order, total)
  local ordered = cjson.decode(order)
  act(batch, 'batch', ordered.by, ordered.why, export, {batch})
  redis.call('PERSIST', key('batch-members', batch))
  redis.call('HSET', key('batch', batch), 'export', export, 'order', order, 'state', 'running', 'confirmed_at', AT,
    'ended_at', '0', 'total', total, 'begun', '0', 'exported', '0', 'dead', '0', 'left', '0', 'cancelled_by', '')
  redis.call('ZADD', key('batches'), AT, batch)
  redis.call('ZADD', key('batches-open'), AT, batch)
end
