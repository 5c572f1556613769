-- Make a running batch of a cause's dead letters, those left out that such a batch held before. ARGV: cause, batch,
-- export, its order as JSON. Answers how many are in it.
local cause, batch, export, order = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local REMEMBERED = 90 * 86400 -- seconds; longer than anybody waits for a cause to come back

local known = redis.call('HGET', key('batch', batch), 'total')
if known then return {tonumber(known)} end -- the answer to this very call was lost
local members, ids = {}, {}
local dead = redis.call('ZRANGE', key('cause-dead', cause), 0, -1, 'WITHSCORES')
for at = 1, #dead, 2 do
  if redis.call('SISMEMBER', key('cause-cleared', cause), dead[at]) == 0 then
    members[#members + 1], ids[#ids + 1] = dead[at] .. ' ' .. dead[at + 1], dead[at]
  end
end
if #members == 0 then return {0} end
in_batches('RPUSH', key('batch-members', batch), members)
in_batches('SADD', key('cause-cleared', cause), ids)
redis.call('EXPIRE', key('cause-cleared', cause), REMEMBERED)
start_batch(batch, export, order, #members)
return {#members}
