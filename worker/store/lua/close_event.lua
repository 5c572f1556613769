-- End an event, so that its period's preflight is due. ARGV: period, event key, whole (0: not every invoice of it was
-- stored, so it stays unknown), hashes of its content.
local period, event, whole, contents = ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6]
if redis.call('EXISTS', key('period', period)) == 0 then return {'gone'} end
local added = whole and redis.call('ZADD', key('events'), 'NX', AT, event) == 1
if added and contents ~= '' then redis.call('HSET', key('event-contents'), event, contents) end
-- Two consumers may be at one event: the second one's opening must not leave the period open for good.
if added or redis.call('HGET', key('period', period), 'state') == 'registering' then
  redis.call('HSET', key('period', period), 'state', 'registered')
  call_for_preflight(period)
end
return {'ok'}
