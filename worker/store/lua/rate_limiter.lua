-- Shared by rate_acquire.lua and rate_report.lua (put before them): what worker/store/rate_rules.py says, in Redis.
-- KEYS[1]  hash of one agreement; its slices of spending (":s:<n>") and of calls (":d:<n>") lie beside it
-- ARGV[1]  JSON: rules (the constants of rate_state.py), now (or null: the server's clock), and the script's own fields
-- The agreement's keys may lie on any server that is not a cluster; every one expires by itself.
local ask = cjson.decode(ARGV[1])
local rules = ask.rules
local now = ask.now
if now == cjson.null then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local names = {'tat', 'pace', 'queue', 'blocked', 'others', 'others_at', 'granted', 'failures', 'trips', 'held', 'probing'}
local stored = redis.call('HMGET', KEYS[1], unpack(names))
local bucket = {}
for i, name in ipairs(names) do bucket[name] = tonumber(stored[i] or '0') end

-- Enough digits to read back the very same number.
local function exact(number) return string.format('%.17g', number) end

local function save()
  local fields = {}
  for _, name in ipairs(names) do
    fields[#fields + 1] = name
    fields[#fields + 1] = exact(bucket[name])
  end
  redis.call('HSET', KEYS[1], unpack(fields))
  redis.call('EXPIRE', KEYS[1], 172800)
end

local function granted()
  if bucket.granted > 0 then return bucket.granted end
  return ask.tokens_per_minute
end

local function pace()
  local others = 0
  if now < bucket.others_at + rules.memory then others = bucket.others end
  local rate = math.max(granted() * ask.share - others, granted() * rules.floor) / 60
  if bucket.pace ~= 0 and bucket.pace ~= rate and bucket.tat > now then
    bucket.tat = now + (bucket.tat - now) * bucket.pace / rate
  end
  bucket.pace = rate
  return rate, granted() * (1 - ask.share) / 2
end

local slice = math.floor(now / rules.slice)

local function spend(tokens)
  local key = KEYS[1] .. ':s:' .. string.format('%d', slice)
  redis.call('INCRBYFLOAT', key, exact(tokens))
  redis.call('EXPIRE', key, 120)
end

local function spent()
  local keys = {}
  for k = slice - rules.slices, slice do keys[#keys + 1] = KEYS[1] .. ':s:' .. string.format('%d', k) end
  local found = redis.call('MGET', unpack(keys))
  local total = tonumber(found[1] or '0') * (slice + 1 - now / rules.slice)
  for i = 2, #found do total = total + tonumber(found[i] or '0') end
  return total
end

local function correct(tokens)
  if tokens ~= 0 then
    local rate = pace() -- which may rescale tat
    bucket.tat = bucket.tat + tokens / rate
    spend(tokens)
  end
end
