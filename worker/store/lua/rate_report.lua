-- Learn from the answer to one call, and make up for what earlier reservations were wrong by.
-- Fields of ARGV[1]: correction, correction_calls, failed, probe, throttled, and granted, used, retry_after (null when
-- e-conomic did not say).
local function known(value) return value ~= nil and value ~= cjson.null end

local function open()
  bucket.open = now + math.min(LONGEST_OPEN, OPEN * 2 ^ bucket.trips)
  bucket.trips = math.min(bucket.trips + 1, 16)
  bucket.failures, bucket.probing = 0, 0
end

correct(ask.correction)
calls_in_slice, bucket.calls = calls_in_slice + ask.correction_calls, bucket.calls + ask.correction_calls
if not ask.failed then
  bucket.failures, bucket.trips, bucket.open, bucket.probing = 0, 0, 0, 0
elseif ask.probe then
  open()
elseif bucket.trips == 0 then -- calls still under way when the breaker opened say nothing new
  bucket.failures = bucket.failures + 1
  if bucket.failures >= FAILURES then open() end
end

if known(ask.granted) and ask.granted > 0 then bucket.granted = ask.granted end
if ask.throttled or known(ask.retry_after) then
  local pause = PAUSE
  if known(ask.retry_after) then pause = math.max(1, ask.retry_after) end
  bucket.blocked = math.max(bucket.blocked, now + pause)
end

-- A 429 without a count says that the whole grant is used. With a count that is believed: a 429 may be about something
-- else than tokens, and its Retry-After is kept.
local used = known(ask.used) and ask.used or nil
if ask.throttled and not used then used = granted() end
if used then
  local theirs = used - spent()
  if theirs <= TOLERANCE * granted() then theirs = 0 end
  if theirs >= bucket.others or now >= bucket.others_at + MEMORY then
    bucket.others, bucket.others_at = theirs, now
  end
  if used > brink() then
    local depth = 1
    if granted() > brink() then depth = math.min(1, (used - brink()) / (granted() - brink())) end
    bucket.blocked = math.max(bucket.blocked, now + NEAR_END_PAUSE * depth)
  end
end
save()
return 1
