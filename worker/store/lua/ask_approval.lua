-- Keep a request for a second person's yes, with its frozen set. A repeat of its id changes nothing.
-- ARGV: token, id, seconds until it expires, request, members, export, who, why.
local token, id = ARGV[3], ARGV[4]
local approval = key('approval', id)
if redis.call('EXISTS', approval) == 1 then return {'known'} end
redis.call('SET', key('approval-set', id), ARGV[7])
redis.call('HSET', approval, 'asked', AT, 'expires', number(NOW + tonumber(ARGV[5])), 'request', ARGV[6])
redis.call('ZADD', key('approvals'), AT, id)
act(token, 'ask-approval', ARGV[9], ARGV[10], ARGV[8], {id})
return {'ok'}
