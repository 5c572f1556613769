-- Lift a pause. ARGV: token, export.
local token, export = ARGV[3], ARGV[4]
if redis.call('HDEL', key('paused'), export) == 1 then redis.call('HSET', key('resumed'), export, token) end
return {redis.call('HGET', key('resumed'), export) == token and 'ok' or 'refused'}
