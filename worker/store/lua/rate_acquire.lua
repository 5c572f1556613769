-- Reserve tokens for one call and, while there are plenty, for some more; or say when to come back.
-- Fields of ARGV[1]: cost, correction (tokens) and correction_calls of earlier reservations, calls_per_day, max_wait,
-- more (calls of the same cost that the caller could use soon).
-- Returns {word, wait, spent, granted, news_above, watched, probe, more}

-- The sum of 24 hours is kept beside its slices and added up again only when a new slice begins.
if bucket.day ~= day then
  local old, total = {}, 0
  for k = day - DAY_SLICES, day do old[#old + 1] = day_field(k) end
  for _, calls in ipairs(redis.call('HMGET', KEYS[1], unpack(old))) do total = total + tonumber(calls or '0') end
  forget(day_field, bucket.day, day, DAY_SLICES)
  bucket.day, bucket.calls = day, total
end

local function count_calls(calls)
  calls_in_slice, bucket.calls = calls_in_slice + calls, bucket.calls + calls
end

local function refuse(word, wait) return {word, exact(wait), '0', '0', '0', 0, 0, 0} end

correct(ask.correction)
count_calls(ask.correction_calls)
if ask.correction ~= 0 or ask.correction_calls ~= 0 then save() end
if now < bucket.open then return refuse('breaker-open', bucket.open - now) end
if now < bucket.probing then return refuse('breaker-open', math.min(PROBE_WAIT, bucket.probing - now)) end

if bucket.calls >= ask.calls_per_day then
  local oldest = day
  for k = day, day - DAY_SLICES, -1 do
    if tonumber(redis.call('HGET', KEYS[1], day_field(k)) or '0') > 0 then oldest = k end
  end
  return refuse('day', (oldest + DAY_SLICES + 1) * DAY_SLICE - now)
end

local rate, burst = pace()
local tat = math.max(bucket.tat, bucket.blocked + burst / rate, now)
local wait = math.max(0, tat - now - math.max(0, burst - ask.cost) / rate)
if wait < 0.000001 then wait = 0 end -- less than the clock can tell
-- A pause of two seconds is waited for, as to send everybody away costs more than it; not where others spend tokens
-- too, as then it may be the end of the grant, which a crowd that has waited would run into.
local patience = ask.max_wait
if now < bucket.blocked and (bucket.others == 0 or now >= bucket.others_at + MEMORY) then
  patience = patience + PAUSE_PATIENCE
end
if wait > patience then
  bucket.queue = math.max(bucket.queue, now + wait) + ask.cost / rate
  save()
  return refuse(now < bucket.blocked and 'blocked' or 'rate', wait + math.fmod(bucket.queue - now - wait, QUEUE))
end

-- More only as far as nobody has to wait for it, and never more than a quarter of the burst: when tokens are scarce, or
-- the agreement is in doubt, each call asks for itself.
local more = 0
local watched = bucket.failures > 0 or bucket.uncounted > 0
if wait == 0 and ask.cost > 0 and not watched and bucket.trips == 0 then
  local free = burst - ask.cost - (tat - now) * rate
  more = math.max(0, math.min(ask.more, math.floor(math.min(free, burst / 4) / ask.cost),
    ask.calls_per_day - bucket.calls - 1))
end

local tokens = ask.cost * (1 + more)
bucket.tat = tat + tokens / rate
spend(tokens)
count_calls(1 + more)
local probe = bucket.trips > 0
if probe then bucket.probing = now + PROBE end
save()
local news_above = math.min(spent() + TOLERANCE * granted(), brink())
return {'go', exact(wait), exact(spent()), exact(granted()), exact(news_above), watched and 1 or 0,
  probe and 1 or 0, more}
