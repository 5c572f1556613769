-- Take the certificate of a period that is due. ARGV: period, token, lease seconds. Answers the score that it has now.
local period, token, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
local record, due = key('period', period), redis.call('ZSCORE', key('reconciles'), period)
local state, holder = unpack(redis.call('HMGET', record, 'state', 'reconcile_token'))
if due and holder == token then return {'claimed', due} end
if not due or tonumber(due) > NOW or not at_rest(period, state) then return {'refused'} end
redis.call('HSET', record, 'reconcile_token', token)
redis.call('ZADD', key('reconciles'), number(NOW + lease), period)
return {'claimed', redis.call('ZSCORE', key('reconciles'), period)}
