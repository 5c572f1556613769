-- Keep a run of payments and what it reports. ARGV: export, number, run as JSON, then pairs of invoice and what was
-- reported of it. The run before must have been delivered.
local export, number, run = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local record = key('payments', export)
local last, phase, kept = unpack(redis.call('HMGET', record, 'number', 'phase', 'run'))
if kept == run then return {'ok'} end
if tonumber(last or '0') ~= number - 1 or (phase and phase ~= 'delivered') then return {'refused'} end
redis.call('HSET', record, 'number', ARGV[4], 'phase', 'pending', 'run', run)
local words = {}
for at = 6, #ARGV do words[#words + 1] = ARGV[at] end
in_batches('HSET', key('reported-payments', export), words)
return {'ok'}
