-- Learn from the answer to one call; see note() in worker/store/rate_rules.py.
-- Fields of ARGV[1]: correction, tokens_per_minute, share, failed, probe, throttled,
--                    granted, used, retry_after (null when e-conomic did not say)
local function known(value) return value ~= nil and value ~= cjson.null end

local function open()
  bucket.held = now + math.min(rules.longest_hold, rules.hold * 2 ^ bucket.trips)
  bucket.trips = math.min(bucket.trips + 1, 16)
  bucket.failures, bucket.probing = 0, 0
end

correct(ask.correction)
if not ask.failed then
  bucket.failures, bucket.trips, bucket.held, bucket.probing = 0, 0, 0, 0
elseif ask.probe then
  open()
elseif bucket.trips == 0 then -- calls still under way when the breaker opened say nothing new
  bucket.failures = bucket.failures + 1
  if bucket.failures >= rules.failures then open() end
end

if known(ask.granted) and ask.granted > 0 then bucket.granted = ask.granted end
if ask.throttled or known(ask.retry_after) then
  local pause = rules.pause
  if known(ask.retry_after) then pause = math.max(1, ask.retry_after) end
  bucket.blocked = math.max(bucket.blocked, now + pause)
end

local used = known(ask.used) and ask.used or nil
if ask.throttled and not used then used = granted() end
if used then
  local theirs = used - spent()
  if theirs <= rules.tolerance * granted() then theirs = 0 end
  if theirs >= bucket.others or now >= bucket.others_at + rules.memory then
    bucket.others, bucket.others_at = theirs, now
  end
  local brink = granted() * (1 + ask.share) / 2
  if used > brink then
    local depth = 1
    if granted() > brink then depth = math.min(1, (used - brink) / (granted() - brink)) end
    bucket.blocked = math.max(bucket.blocked, now + rules.ebb * depth)
  end
end
save()
return 1
