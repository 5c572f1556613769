-- Keep a certificate: written once, never over another. ARGV: period, id, summary, text, complete (1 or 0), number of
-- open differences, score that the claim of its reading got (empty: read on demand), text without findings, then pairs
-- of invoice and difference. What is not complete changes neither the period's state nor its differences.
local period, id, summary, text, complete = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7] == '1'
local open, claimed = tonumber(ARGV[8]), ARGV[9]
local record = key('period', period)
if redis.call('EXISTS', record) == 0 then return {'unknown'} end
if redis.call('EXISTS', key('certificate', id)) == 1 then return {'ok'} end
redis.call('HSET', key('certificate', id), 'summary', summary, 'text', text, 'outline', ARGV[10])
redis.call('RPUSH', key('certificates', period), id)
redis.call('HSET', record, 'certificate', summary)
if not complete then return {'ok'} end
local differences = key('differences', period)
redis.call('DEL', differences)
local words = {}
for at = 11, #ARGV do words[#words + 1] = ARGV[at] end
in_batches('HSET', differences, words)
local state = redis.call('HGET', record, 'state')
if state == 'checked' or state == 'differs' then
  redis.call('HSET', record, 'state', open > 0 and 'differs' or 'checked')
end
if open == 0 then redis.call('ZADD', key('archive-due'), AT, period) end
-- What came in while e-conomic was read has made another certificate due.
if claimed ~= '' and redis.call('ZSCORE', key('reconciles'), period) == claimed then
  redis.call('ZREM', key('reconciles'), period)
end
return {'ok'}
