-- Keep sums and searchable text that were made from the records of a period, unless an invoice has moved since then.
-- ARGV: period, when the last one had moved before (empty: not known), searchable text, number of remarks, pairs of
-- remark and number, then pairs of sum and number.
local period, last, text, remarks = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local hash = key('counts', period)
if (redis.call('HGET', hash, 'last') or '') ~= last then return {'refused'} end
for _, name in ipairs(redis.call('HKEYS', hash)) do
  if not ORDER[name] and name ~= 'last' then redis.call('HDEL', hash, name) end
end
redis.call('SET', key('search', period), text)
redis.call('DEL', key('remarks', period))
local words = {}
for at = 7, 6 + 2 * remarks, 2 do words[#words + 1], words[#words + 2] = ARGV[at + 1], ARGV[at] end
in_batches('ZADD', key('remarks', period), words)
words = {}
for at = 7 + 2 * remarks, #ARGV do words[#words + 1] = ARGV[at] end
in_batches('HSET', hash, words)
return {'ok'}
