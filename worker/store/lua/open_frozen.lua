-- Start a batch with a set that was frozen. ARGV: batch, export, its order as JSON, set. Answers ok, or gone where the
-- set is not there (any more): then nothing is started.
local batch, export, order, frozen = ARGV[3], ARGV[4], ARGV[5], key('frozen', ARGV[6])
if redis.call('EXISTS', key('batch', batch)) == 1 then return {'ok'} end
local total = redis.call('LLEN', frozen)
if total == 0 then return {'gone'} end
redis.call('RENAME', frozen, key('batch-members', batch))
redis.call('DEL', key('frozen-page', ARGV[6]), key('frozen-ids', ARGV[6]))
start_batch(batch, export, order, total)
return {'ok'}
