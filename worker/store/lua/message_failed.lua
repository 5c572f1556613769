-- A message was not accepted, or nobody knows. ARGV: channel, token, why, seconds until it is tried again, whether it may
-- have been accepted (1 or 0). Only its holder says so, once.
local channel, token, why, pause, doubtful = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
local flight, state = key('notice-flight', channel), key('notice-channel', channel)
local holder, till = unpack(redis.call('HMGET', flight, 'token', 'till'))
if holder ~= token or till == '0' then return {'ok'} end
redis.call('HSET', flight, 'till', '0', 'next_at', number(NOW + pause))
if doubtful == '1' then redis.call('HSET', flight, 'doubtful', '1') end
redis.call('HSETNX', state, 'since', AT)
redis.call('HSET', state, 'error', why)
redis.call('HINCRBY', state, 'failures', 1)
return {'ok'}
