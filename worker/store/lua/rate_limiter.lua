-- Shared by rate_acquire.lua and rate_report.lua (put before them): the rules of the rate limiter.
--
-- Pace: GCRA over tokens. The pace is the used share of the grant, the burst half of the unused share, so that no 60
-- seconds ever see more than the grant, whether e-conomic counts a fixed window, a sliding one or a leaky bucket (its
-- documentation leaves that open). Where the exports file names the capacity of a token bucket (their engineering blog
-- speaks of one per app and per agreement, 2026), the burst is the used share of it. A header that speaks of another
-- window than 60 seconds names the most that may be used at once: no burst is larger than the used share of that. What e-conomic counts beyond our own spending belongs to others: we make room.
-- A 429 that says nothing more costs half a second's pause and no pace: a token bucket is refilled steadily.
-- Breaker: after five failures in a row nothing is sent for 2, 4 ... 60 seconds, then one call probes. Five, as of a
-- lossy line that loses every tenth call three in a row are no outage, and met several times in a period.
--
-- KEYS[1]  hash of one agreement; it may lie on any server that is not a cluster, and expires by itself
-- ARGV[1]  JSON: now (or null: the server's clock), tokens_per_minute, share, capacity (or null), and the script's
--          own fields
local SLICE, SLICES = 5, 12          -- seconds of one slice of the spending, slices that make a minute
local DAY_SLICE, DAY_SLICES = 900, 96 -- the same for the calls of 24 hours
local TOLERANCE = 0.02    -- part of the grant by which e-conomic's count may differ before others are suspected
local MEMORY = 90         -- seconds for which others are believed to go on; longer than a fixed window would be
local FLOOR = 0.02        -- the pace never falls below this part of the grant
local PAUSE = 2           -- seconds to wait after a 429 without Retry-After; it doubles while 429s follow each other
local UNCOUNTED_PAUSE = 0.5 -- ... where it does not count tokens either: doubles only without a success in between
local LONGEST_PAUSE = 60  -- ... up to this; and after so many seconds of a longer Retry-After one call probes
local PAUSE_PATIENCE = 1  -- seconds that are waited longer in the slot for the end of a pause
local NEAR_END_PAUSE = 5  -- longest pause near the end of the grant, in seconds
local FAILURES = 5        -- failures in a row that open the breaker
local OPEN, LONGEST_OPEN = 2, 60  -- first and longest time that the breaker stays open, in seconds
local PROBE, PROBE_WAIT = 30, 2   -- seconds after which a silent probe counts as lost; when to come back meanwhile
-- Denied callers are asked to come back one after the other, spread over so many seconds after the first: if they are
-- more than fit in, some come too early, which keeps the bucket in use and lets newcomers in between.
local QUEUE = 60
local KEPT = 2 * 86400    -- seconds after which an agreement that is not called is forgotten

local ask = cjson.decode(ARGV[1])
local now = ask.now
if now == cjson.null then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local slice, day = math.floor(now / SLICE), math.floor(now / DAY_SLICE)

local function slice_field(number) return 's:' .. string.format('%d', number) end
local function day_field(number) return 'd:' .. string.format('%d', number) end

-- tat: when everything reserved will have been paid for; pace: tokens per second at which that was reckoned;
-- queue: when the last of those denied was asked to come back; blocked: e-conomic asked to be left alone until then;
-- bare: pauses in a row after a 429 that names no time; uncounted: after one that counts no tokens either;
-- others, others_at: tokens a minute that others spend, and when that was seen; granted, holds: as e-conomic's headers say;
-- failures: in a row while closed; trips: times opened in a row; open: until when; probing: a probe is under way until;
-- slice, day: of the last write; calls: of 24 hours, as of `day`. Times are seconds since the epoch; 0 for none.
local names = {'tat', 'pace', 'queue', 'blocked', 'bare', 'uncounted', 'others', 'others_at', 'granted', 'failures', 'trips', 'open',
  'probing', 'slice', 'day', 'calls', 'holds'}
local fields = {unpack(names)}
for k = slice - SLICES, slice do fields[#fields + 1] = slice_field(k) end
fields[#fields + 1] = day_field(day)
local stored = redis.call('HMGET', KEYS[1], unpack(fields))
local bucket, slices = {}, {}
for at, name in ipairs(names) do bucket[name] = tonumber(stored[at] or '0') end
for k = 0, SLICES do slices[k] = tonumber(stored[#names + 1 + k] or '0') end -- oldest first
local calls_in_slice = tonumber(stored[#fields] or '0')

-- Enough digits to read back the very same number.
local function exact(number) return string.format('%.17g', number) end

-- Forget slices that have left their window since the last write.
local function forget(field_of, last, current, size)
  local old = {}
  for k = last - size, math.min(last, current - size - 1) do old[#old + 1] = field_of(k) end
  if #old > 0 then redis.call('HDEL', KEYS[1], unpack(old)) end
end

local function save()
  local new = bucket.slice ~= slice
  if new then forget(slice_field, bucket.slice, slice, SLICES) end
  bucket.slice = slice
  local words = {slice_field(slice), exact(slices[SLICES]), day_field(day), string.format('%d', calls_in_slice)}
  for _, name in ipairs(names) do
    words[#words + 1], words[#words + 2] = name, exact(bucket[name])
  end
  redis.call('HSET', KEYS[1], unpack(words))
  if new then redis.call('EXPIRE', KEYS[1], KEPT) end
end

local function granted()
  if bucket.granted > 0 then return bucket.granted end
  return ask.tokens_per_minute
end

-- Tokens that may be used at once.
local function burst_size()
  local size = granted() * (1 - ask.share) / 2
  if ask.capacity ~= nil and ask.capacity ~= cjson.null then size = ask.capacity * ask.share end
  if bucket.holds > 0 then size = math.min(size, bucket.holds * ask.share) end
  return size
end

-- Used tokens that we alone can never cause: pace and burst together.
local function brink() return granted() * ask.share + burst_size() end

-- Tokens per second, and the burst in tokens. What is owed in tokens stays the same when the pace changes.
local function pace()
  local others = 0
  if now < bucket.others_at + MEMORY then others = bucket.others end
  local rate = math.max(granted() * ask.share - others, granted() * FLOOR) / 60
  if bucket.pace ~= 0 and bucket.pace ~= rate and bucket.tat > now then
    bucket.tat = now + (bucket.tat - now) * bucket.pace / rate
  end
  bucket.pace = rate
  return rate, burst_size()
end

local function spend(tokens) slices[SLICES] = slices[SLICES] + tokens end

-- Tokens of the last 60 seconds; the oldest slice counts as far as it is inside.
local function spent()
  local total = slices[0] * (slice + 1 - now / SLICE)
  for k = 1, SLICES do total = total + slices[k] end
  return total
end

-- Make up for the difference between what was reserved and what calls really cost.
local function correct(tokens)
  if tokens ~= 0 then
    local rate = pace() -- which may rescale tat
    bucket.tat = bucket.tat + tokens / rate
    spend(tokens)
  end
end
