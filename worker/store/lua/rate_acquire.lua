-- Reserve tokens for one call, or say when to come back; see admit() in worker/store/rate_rules.py.
-- Fields of ARGV[1]: cost, correction, tokens_per_minute, share, calls_per_day, max_wait
-- Returns {word, wait, spent, granted, watched, probe}
local function refuse(word, wait) return {word, exact(wait), '0', '0', 0, 0} end

if ask.correction ~= 0 then
  correct(ask.correction)
  save()
end
if now < bucket.held then return refuse('breaker-open', bucket.held - now) end
if now < bucket.probing then return refuse('breaker-open', math.min(rules.probe_wait, bucket.probing - now)) end

local day = math.floor(now / rules.day_slice)
local function day_key(number) return KEYS[1] .. ':d:' .. string.format('%d', number) end

-- The sum of 24 hours is kept beside its slices and added up again only when a new slice begins.
local function calls_today()
  local sum = redis.call('HMGET', KEYS[1], 'day', 'calls')
  if tonumber(sum[1] or '-1') == day then return tonumber(sum[2]) end
  local keys, total = {}, 0
  for k = day - rules.day_slices, day do keys[#keys + 1] = day_key(k) end
  for _, calls in ipairs(redis.call('MGET', unpack(keys))) do total = total + tonumber(calls or '0') end
  redis.call('HSET', KEYS[1], 'day', string.format('%d', day), 'calls', total)
  return total
end

if calls_today() >= ask.calls_per_day then
  local oldest = day
  for k = day, day - rules.day_slices, -1 do
    if redis.call('EXISTS', day_key(k)) == 1 then oldest = k end
  end
  return refuse('day', (oldest + rules.day_slices + 1) * rules.day_slice - now)
end

local rate, burst = pace()
local tat = math.max(bucket.tat, bucket.blocked + burst / rate, now)
local wait = math.max(0, tat - now - math.max(0, burst - ask.cost) / rate)
if wait > ask.max_wait then
  bucket.queue = math.max(bucket.queue, now + wait) + ask.cost / rate
  save()
  local word = 'rate'
  if now < bucket.blocked then word = 'blocked' end
  return refuse(word, wait + math.fmod(bucket.queue - now - wait, rules.queue))
end

bucket.tat = tat + ask.cost / rate
spend(ask.cost)
redis.call('INCR', day_key(day))
redis.call('EXPIRE', day_key(day), 2 * 86400)
redis.call('HINCRBY', KEYS[1], 'calls', 1)
local probe = bucket.trips > 0
if probe then bucket.probing = now + rules.probe end
save()
return {'go', exact(wait), exact(spent()), exact(granted()), bucket.failures > 0 and 1 or 0, probe and 1 or 0}
