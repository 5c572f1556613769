-- Freeze a part of a batch's set, and start the batch with the last part. ARGV: batch, export, its order as JSON, how
-- many it will hold, how many are there already, then the members of this part.
local batch, export, order, total, from = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local UNFINISHED = 3600 -- seconds; what was not written to its end was never confirmed

if redis.call('EXISTS', key('batch', batch)) == 1 then return {'ok'} end
local members = key('batch-members', batch)
if redis.call('LLEN', members) == from and #ARGV > 7 then
  in_batches('RPUSH', members, {unpack(ARGV, 8)})
  redis.call('EXPIRE', members, UNFINISHED)
end
if redis.call('LLEN', members) == total then start_batch(batch, export, order, total) end
return {'ok'}
