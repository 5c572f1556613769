-- Keep an answer about a cause. ARGV: cause, state, when it was asked, why, seconds until it is asked again.
local cause, state, asked_at, why, pause = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local export = redis.call('HGET', key('cause', cause), 'export')
if not export then return {'gone'} end
redis.call('HSET', key('cause', cause), 'answer', state, 'asked_at', asked_at, 'why', why, 'pause', pause)
redis.call('ZADD', key('cause-probes', export), number(NOW + tonumber(pause)), cause)
-- Seen with its own eyes: what was queued by itself and failed for it again may be so once more when it is gone.
if state == 'still' then redis.call('DEL', key('cause-cleared', cause)) end
return {'ok'}
