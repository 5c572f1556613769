-- Mark an event as taken in, so that its period's preflight is due. ARGV: period, event key, hashes of its content.
local period, event, contents = ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', key('period', period)) == 0 then return {'gone'} end
local added = redis.call('ZADD', key('events'), 'NX', AT, event) == 1
if added and contents ~= '' then redis.call('HSET', key('event-contents'), event, contents) end
-- Two consumers may be at one event: the second one's opening must not leave the period open for good.
if added or redis.call('HGET', key('period', period), 'state') == 'registering' then
  redis.call('HSET', key('period', period), 'state', 'registered')
  call_for_preflight(period)
end
return {'ok'}
