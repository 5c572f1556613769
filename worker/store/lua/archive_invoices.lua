-- Replace finished invoices of a period, which the archive holds, by what is left of an archived one. ARGV: period, then of
-- each: id, leaf in the archive, names of its fields (with spaces between), SHA-1 of what was read under them.
-- Answers ok and how many are archived now; changed where the period has not come to its end, or has gone on since.
local period, done, ended = ARGV[3], 0, {}

local function is_over(other)
  if ended[other] == nil then ended[other] = redis.call('EXISTS', key('period', other)) == 0 or at_its_end(other) end
  return ended[other]
end

-- The same as `worker/store/archiving.py` makes of what it has read.
local function digest(id, names)
  local parts = {tostring(redis.call('LLEN', key('history', id)))}
  for _, value in ipairs(redis.call('HMGET', key('invoice', id), unpack(names))) do
    parts[#parts + 1] = value and (#value .. ':' .. value) or '-'
  end
  return redis.sha1hex(table.concat(parts, ' '))
end

local function unchanged(id, words, read_as)
  local names = {}
  for name in each(words) do names[#names + 1] = name end
  return redis.call('HLEN', key('invoice', id)) == #names and digest(id, names) == read_as
end

-- What is archived is in no batch: its money is no longer kept for one.
local function unstake(invoice, of)
  local understood, found = pcall(weight_exported, invoice)
  if not understood then return end
  for name, value in pairs(found) do
    if string.find(name, '^stake') then redis.call('HINCRBY', key('counts', of), name, string.format('%.0f', -value)) end
  end
end

local function archive(id, leaf)
  local invoice = read(id, 'hash', 'content', 'progress', 'outcome')
  redis.call('DEL', key('invoice', id), key('history', id))
  keep_archived(id, leaf, invoice.hash, invoice.periods)
  for of in each(invoice.periods) do
    place(key('members', of), id, false)
    if redis.call('EXISTS', key('period', of)) == 1 then
      -- Not by `count`, as nothing of the period has moved.
      redis.call('HINCRBY', key('counts', of), 'exported', -1)
      unstake(invoice, of)
      redis.call('HINCRBY', key('period', of), 'archived', 1)
    end
  end
end

if not is_over(period) then return {'changed', 0} end
for at = 4, #ARGV, 4 do
  local id, leaf, names, read_as = unpack(ARGV, at, at + 3)
  local invoice = read(id)
  if not invoice then
    local kept = archived(id)
    if not kept or kept.leaf ~= leaf then return finish({'changed', done}) end -- else the answer to this call was lost
  else
    local over = invoice.state == 'exported'
    for of in each(invoice.periods) do over = over and is_over(of) end
    if not over or not unchanged(id, names, read_as) then return finish({'changed', done}) end
    archive(id, leaf)
  end
  done = done + 1
end
return finish({'ok', done})
