-- Answer id and export of periods whose turn it is to be made short or archived, at most one of each export; whoever asks
-- has each for `lease` seconds. ARGV: lease, seconds until periods of an older version are looked at, most periods.
local lease, first, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('HSETNX', key('export-status'), 'archive-seeded', AT) == 1 then
  local words = {}
  for _, period in ipairs(redis.call('ZRANGE', key('periods'), 0, -1)) do
    words[#words + 1], words[#words + 2] = number(NOW + first), period
  end
  in_batches('ZADD', key('archive-due'), words)
end
local answer, seen = {}, {}
for _, period in ipairs(redis.call('ZRANGEBYSCORE', key('archive-due'), '-inf', AT, 'LIMIT', 0, most)) do
  local export = string.match(period, '^[^-]+')
  if not seen[export] then
    seen[export] = true
    redis.call('ZADD', key('archive-due'), number(NOW + lease), period)
    answer[#answer + 1], answer[#answer + 2] = period, export
  end
end
return answer
