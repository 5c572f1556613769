-- A channel has accepted a message. ARGV: channel, id, how many are remembered.
local channel, id, most = ARGV[3], ARGV[4], tonumber(ARGV[5])
local flight, state = key('notice-flight', channel), key('notice-channel', channel)
if redis.call('HGET', flight, 'id') ~= id then return {'ok'} end -- the answer to this very call was lost
local attempts, notices = unpack(redis.call('HMGET', flight, 'attempts', 'notices'))
redis.call('DEL', flight)
redis.call('HDEL', state, 'failures', 'since', 'error')
redis.call('HSET', state, 'last', AT)
redis.call('HINCRBY', state, 'sent', 1)
redis.call('LPUSH', key('notice-sent', channel), table.concat({AT, id, attempts, notices}, ' '))
redis.call('LTRIM', key('notice-sent', channel), 0, most - 1)
return {'ok'}
