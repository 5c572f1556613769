-- What is known of everything that people are told. ARGV: how many of the newest periods are looked at. Answers whether
-- anything was looked at before, what is open (pairs), periods that have moved on (pairs of id and mark), and the causes.
local newest = tonumber(ARGV[3])
local moved = {}
for _, period in ipairs(redis.call('ZREVRANGE', key('periods'), 0, newest - 1)) do
  local state, certificate = unpack(redis.call('HMGET', key('period', period), 'state', 'certificate'))
  local counts = redis.call('HMGET', key('counts', period), 'received', 'queued', 'exporting', 'waiting', 'dead', 'exported')
  for at = 1, 6 do counts[at] = counts[at] or '0' end
  local rest = redis.call('HLEN', key('conflicts', period)) .. ' ' .. (certificate or '')
  local mark = redis.sha1hex((state or '') .. ' ' .. table.concat(counts, ' ') .. ' ' .. rest)
  if redis.call('HGET', key('notices-seen'), period) ~= mark then
    moved[#moved + 1], moved[#moved + 2] = period, mark
  end
end
return {redis.call('EXISTS', key('notices-begun')), redis.call('HGETALL', key('notices-open')), moved,
  redis.call('SMEMBERS', key('causes'))}
