-- Keep a request for a second person's yes. A repeat of its id changes nothing.
-- ARGV: token, id, seconds until it expires, request, export, who, why, then for a period: its id, and the request
-- whose set is meant (its own, or the one that was refused: that one must be, and nobody has asked again).
local token, id, period, set = ARGV[3], ARGV[4], ARGV[10], ARGV[11]
local approval = key('approval', id)
if redis.call('EXISTS', approval) == 1 then return {'known'} end
if period and set ~= id then
  local decided, again = unpack(redis.call('HMGET', key('approval', set), 'decision', 'again'))
  if again or not decided or cjson.decode(decided).yes then return {'not-refused'} end
  redis.call('HSET', key('approval', set), 'again', id)
end
redis.call('HSET', approval, 'asked', AT, 'expires', number(NOW + tonumber(ARGV[5])), 'request', ARGV[6])
if period then
  redis.call('HSET', approval, 'period', period, 'set', redis.call('HGET', key('approval', set), 'set') or set)
  redis.call('PERSIST', key('approval-invoices', set))
  redis.call('RPUSH', key('period-approvals', period), id)
  if set ~= id then call_for_preflight(period) end -- what the period's screens say of it has changed
end
redis.call('ZADD', key('approvals'), AT, id)
act(token, 'ask-approval', ARGV[8], ARGV[9], ARGV[7], {id})
return {'ok'}
