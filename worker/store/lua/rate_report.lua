-- Learn from the answer to one call, and make up for what earlier reservations were wrong by.
-- Fields of ARGV[1]: correction, correction_calls, failed, probe, throttled, and granted, used, holds, retry_after (null when
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
if known(ask.holds) and ask.holds > 0 then bucket.holds = ask.holds end
if not ask.throttled and not ask.failed then
  bucket.bare, bucket.uncounted = math.max(0, bucket.bare - 1), math.max(0, bucket.uncounted - 1)
end
if ask.throttled or known(ask.retry_after) then
  local pause
  if known(ask.retry_after) then
    pause = math.max(1, ask.retry_after)
    -- A day may be a mistake of a proxy: one call a minute asks whether it still holds.
    if pause > LONGEST_PAUSE then pause, bucket.trips = LONGEST_PAUSE, math.max(1, bucket.trips) end
  elseif now >= bucket.blocked then -- one that was under way when the pause began says nothing new
    local kind, first = 'bare', PAUSE
    if not known(ask.used) then kind, first = 'uncounted', UNCOUNTED_PAUSE end
    pause = math.min(LONGEST_PAUSE, first * 2 ^ bucket[kind])
    bucket[kind] = math.min(bucket[kind] + 1, 16)
  end
  if pause then bucket.blocked = math.max(bucket.blocked, now + pause) end
end

-- What a 429 says of tokens is in its count alone: without one it may be about something else (a gateway's own limit),
-- so it costs its pause and no pace.
local used = known(ask.used) and ask.used or nil
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
