-- Freeze a part of a set that was passed in. ARGV: set, how many are there already, digest so far, then the members of this
-- part. Answers the digest.
local UNFINISHED = 3600 -- seconds; what was not written to its end was never confirmed
local frozen, digest = key('frozen', ARGV[3]), ARGV[5]
local members = {unpack(ARGV, 6)}
if redis.call('LLEN', frozen) == tonumber(ARGV[4]) then
  in_batches('RPUSH', frozen, members)
  redis.call('EXPIRE', frozen, UNFINISHED)
end
for _, member in ipairs(members) do digest = redis.sha1hex(digest .. member) end
return {digest}
