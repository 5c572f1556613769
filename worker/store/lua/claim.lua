-- Take the lease of a queued invoice. ARGV: id, token, lease seconds. Answers its record, or why not.
local id, token, lease = ARGV[3], ARGV[4], ARGV[5]
local invoice = key('invoice', id)
local state, export, last, first, crashes = unpack(
  redis.call('HMGET', invoice, 'state', 'export', 'token', 'first_published_at', 'crashes'))
if not state then return {'unknown'} end
if state == 'exporting' and last == token then return {'claimed', redis.call('HGETALL', invoice)} end
if state ~= 'queued' then return {state} end

if is_paused(export) then -- its message is used up: another is overdue when the export is resumed
  redis.call('HSET', invoice, 'published_at', '0', 'first_published_at', '0')
  redis.call('ZREM', key('sent', export), id)
  redis.call('ZADD', key('unsent', export), '0', id)
  return {'paused'}
end

-- How far the queue has come. The first publication counts: a later one may have been a repeat still under way.
-- An invoice whose worker died comes ahead of the others, so it says nothing about them.
if crashes == '0' and tonumber(first) > tonumber(redis.call('HGET', key('reached'), export) or '0') then
  redis.call('HSET', key('reached'), export, first)
end
local fence = redis.call('HINCRBY', invoice, 'fence', 1)
move(id, 'exporting', 'claimed', 'fence ' .. fence)
redis.call('HSET', invoice, 'token', token)
hold(id, export, lease)
return {'claimed', redis.call('HGETALL', invoice)}
