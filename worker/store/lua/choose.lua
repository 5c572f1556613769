-- Choose the next invoices of a set, and freeze them where it has an id. ARGV: set (empty: they are counted only), how
-- many it holds already, time after which none may have moved, anyway (1: its members may go on moving), how many to look at,
-- cursor (empty: the beginning), digest so far, state, where they lie (text: in the searchable text of a period; else a sorted set),
-- its key, text that is sought, then pairs of the lowest score that fits and the one above the highest.
-- Answers the next cursor (empty: that was all), how many fitted, digest, then pairs of currency and hundredths.
local set, from, latest, anyway, most, cursor, digest, state, where, place_of, sought = unpack(ARGV, 3, 13)
local UNFINISHED = 3600 -- seconds; what was not written to its end was never confirmed
latest, most = tonumber(latest), tonumber(most)

local frozen, page = key('frozen', set), key('frozen-page', set)
if set ~= '' and redis.call('LLEN', frozen) ~= tonumber(from) then
  return cjson.decode(redis.call('GET', page)) -- the answer to this very call was lost
end

local ranges = {}
for at = 14, #ARGV, 2 do ranges[#ranges + 1] = {ARGV[at], ARGV[at + 1]} end

-- Members of a sorted set from the cursor on, all with the last one's score among them, and the next cursor.
local function in_sorted_set()
  local nth, low = string.match(cursor, '^(%d+) (.*)$')
  nth = tonumber(nth or '1')
  if not ranges[nth] then return {}, '' end
  local set_key = PREFIX .. place_of
  local some = redis.call('ZRANGEBYSCORE', set_key, low or ranges[nth][1], ranges[nth][2], 'WITHSCORES', 'LIMIT', 0, most)
  local ids, seen = {}, {}
  for at = 1, #some, 2 do ids[#ids + 1], seen[some[at]] = some[at], true end
  if #ids < most then return ids, ranges[nth + 1] and (nth + 1) .. ' ' .. ranges[nth + 1][1] or '' end
  local last = some[#some]
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set_key, last, last)) do
    if not seen[id] then ids[#ids + 1] = id end
  end
  return ids, nth .. ' (' .. last
end

-- Members of a period that a text finds, from the cursor on. A match across two lines, or in what follows the tab, is none.
local function in_text()
  local text, ids = redis.call('GET', PREFIX .. place_of) or '', {}
  local at = string.find(text, sought, tonumber(cursor ~= '' and cursor or '1'), true)
  while at do
    local tab, ends = string.find(text, '\t', at, true), string.find(text, '\n', at, true)
    if tab and tab < ends then ids[#ids + 1] = string.sub(text, tab + 1, ends - 1) end
    if #ids == most then return ids, tostring(ends + 1) end
    at = string.find(text, sought, ends + 1, true)
  end
  return ids, ''
end

-- Those that a text finds lie where the ranges say, or they do not fit.
local function fits(id)
  if where ~= 'text' then return true end
  local score = tonumber(redis.call('ZSCORE', key('members', string.match(place_of, '^search:(.*)$')), id) or '-1')
  for _, range in ipairs(ranges) do
    if score >= tonumber(range[1]) and score < tonumber((string.gsub(range[2], '%(', ''))) then return true end
  end
  return false
end

local members, sums, chosen = {}, {}, {}
local function add(id)
  if chosen[id] or not fits(id) then return end
  local now, moved_at, stake = unpack(redis.call('HMGET', key('invoice', id), 'state', 'updated_at', 'stake'))
  if now ~= state or tonumber(moved_at) > latest then return end
  -- The text names one twice whose customer has changed.
  if where == 'text' and set ~= '' and redis.call('SADD', key('frozen-ids', set), id) == 0 then return end
  if not stake or stake == '' then stake = stake_of(plain(redis.call('HGET', key('invoice', id), 'content')) or '') end
  local currency, hundredths = string.match(stake, '^(%S+) (%d+)$')
  if currency then sums[currency] = (sums[currency] or 0) + tonumber(hundredths) end
  local member = id .. ' ' .. (anyway == '1' and '0' or moved_at)
  members[#members + 1], chosen[id] = member, true
  digest = redis.sha1hex(digest .. member)
end

local ids, following
if where == 'text' then ids, following = in_text() else ids, following = in_sorted_set() end
for _, id in ipairs(ids) do add(id) end
local answer = {following, tostring(#members), digest}
for currency, amount in pairs(sums) do
  answer[#answer + 1], answer[#answer + 2] = currency, string.format('%.0f', amount)
end
if set ~= '' then
  in_batches('RPUSH', frozen, members)
  redis.call('SET', page, cjson.encode(answer))
  for _, name in ipairs({'frozen', 'frozen-page', 'frozen-ids'}) do redis.call('EXPIRE', key(name, set), UNFINISHED) end
end
return answer
