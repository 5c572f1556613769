-- Count which members of a set have not moved since it was frozen. ARGV: set, first member, how many.
-- Answers how many were looked at, and how many of them have not moved.
local members = redis.call('LRANGE', key('frozen', ARGV[3]), ARGV[4], ARGV[4] + ARGV[5] - 1)
local still = 0
for _, member in ipairs(members) do
  local id, moved_at = string.match(member, '^(%S+) (%S+)$')
  local now = redis.call('HGET', key('invoice', id), 'updated_at')
  if now and (moved_at == '0' or tonumber(now) == tonumber(moved_at)) then still = still + 1 end
end
return {#members, still}
