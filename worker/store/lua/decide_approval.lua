-- Keep the first decision on a request that has not expired. ARGV: token, id, what, decision, export, who, why.
-- One on a period is carried out with it: the period's check is due.
local token, approval = ARGV[3], key('approval', ARGV[4])
local known = redis.call('HMGET', approval, 'expires', 'decision', 'decided-by-call')
if not known[1] then return {'unknown'} end
-- A call that was sent twice, as its answer was lost, is not its own rival.
if known[2] then return {known[3] == token and 'ok' or 'over'} end
if NOW >= tonumber(known[1]) then return {'over'} end
redis.call('HSET', approval, 'decision', ARGV[6], 'decided', AT, 'decided-by-call', token)
act(token, ARGV[5], ARGV[8], ARGV[9], ARGV[7], {ARGV[4]})
local period = redis.call('HGET', approval, 'period')
if period and ARGV[5] == 'approve' then redis.call('HSET', approval, 'done', AT) end
if period and redis.call('EXISTS', key('period', period)) == 1 then call_for_preflight(period) end
return {'ok'}
