-- Release a period's lease. ARGV: period, fence, notice, when its preflight is due again (empty: it is done), whether it is
-- held for a second person (1 or empty): what was decided, or came, meanwhile then makes it due at once.
local period, fence, notice, again, held = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local record = key('period', period)
local holder, lease_until, revision, seen, state = unpack(
  redis.call('HMGET', record, 'fence', 'lease_until', 'revision', 'seen', 'state'))
if holder ~= fence then return {'lost'} end
if lease_until == '0' then return {'ok'} end -- the answer to this very call was lost
redis.call('HSET', record, 'lease_until', '0', 'token', '', 'notice', notice, 'held', held)
if state ~= 'registered' then return {'ok'} end
if again ~= '' then
  redis.call('ZADD', key('preflights'), held == '1' and revision ~= seen and AT or again, period)
elseif revision == seen then
  redis.call('HSET', record, 'state', 'checked')
  redis.call('ZADD', key('reconciles'), AT, period) -- read back once nothing of it is on its way any more
  redis.call('ZREM', key('preflights'), period)
end
return {'ok'}
