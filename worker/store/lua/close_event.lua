-- Mark an event as taken in, so that its period's preflight is due. ARGV: period, event key.
local period, event = ARGV[3], ARGV[4]
if redis.call('EXISTS', key('period', period)) == 0 then return {'gone'} end
local added = redis.call('ZADD', key('events'), 'NX', AT, event) == 1
-- Two consumers may be at one event: the second one's opening must not leave the period open for good.
if added or redis.call('HGET', key('period', period), 'state') == 'registering' then
  redis.call('HSET', key('period', period), 'state', 'registered')
  call_for_preflight(period)
end
return {'ok'}
