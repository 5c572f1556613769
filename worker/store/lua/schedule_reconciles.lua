-- Once for each night: make the certificate of every period that came in since then due. ARGV: night, since when.
local night, since = ARGV[3], ARGV[4]
if redis.call('HGET', key('export-status'), 'reconciled') == night then return {'ok'} end
redis.call('HSET', key('export-status'), 'reconciled', night)
local words = {}
for _, period in ipairs(redis.call('ZRANGEBYSCORE', key('periods'), since, '+inf')) do
  words[#words + 1], words[#words + 2] = AT, period
end
in_batches('ZADD', key('reconciles'), words)
return {'ok'}
