-- Take the next message of a channel. ARGV: channel, token, seconds of the lease, a new message's id, most notices in it.
-- Answers nothing, or id, attempts before, whether one of them may have reached the receiver, and the notices.
local channel, token, lease, new, most = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local flight, box, kept = key('notice-flight', channel), key('notice-box', channel), key('notice-texts', channel)

local function answer()
  local id, attempts, doubtful, texts = unpack(redis.call('HMGET', flight, 'id', 'attempts', 'doubtful', 'texts'))
  return {id, tonumber(attempts) - 1, doubtful, texts}
end

local holder, till, next_at = unpack(redis.call('HMGET', flight, 'token', 'till', 'next_at'))
if holder == token then return answer() end -- the answer to this very call was lost
if not holder then
  local ids = redis.call('ZRANGEBYSCORE', box, '-inf', AT, 'LIMIT', 0, most)
  if #ids == 0 then return {} end
  local texts = redis.call('HMGET', kept, unpack(ids))
  redis.call('HSET', flight, 'id', new, 'attempts', '1', 'doubtful', '0', 'texts', '[' .. table.concat(texts, ',') .. ']',
    'notices', #ids, 'oldest', redis.call('ZSCORE', box, ids[1]))
  redis.call('ZREM', box, unpack(ids))
  redis.call('HDEL', kept, unpack(ids))
else
  if tonumber(till) > NOW or tonumber(next_at) > NOW then return {} end
  -- Its holder never said how it went: it may have reached the receiver.
  if till ~= '0' then redis.call('HSET', flight, 'doubtful', '1') end
  redis.call('HINCRBY', flight, 'attempts', 1)
end
redis.call('HSET', flight, 'token', token, 'till', number(NOW + lease), 'next_at', '0')
return answer()
