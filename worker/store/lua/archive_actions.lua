-- Drop the oldest entries of the log of actions, which the archive holds. ARGV: place of the first one, how many, SHA-1 of
-- them. Places go on counting. Answers ok, or changed.
local first, many, read_as = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local gone = tonumber(redis.call('HGET', key('archive'), 'actions') or '0')
if gone == first + many then return {'ok'} end -- the answer to this very call was lost
if gone ~= first then return {'changed'} end
local entries = redis.call('LRANGE', key('actions'), 0, many - 1)
if #entries ~= many or redis.sha1hex(table.concat(entries, '\n')) ~= read_as then return {'changed'} end
redis.call('LTRIM', key('actions'), many, -1)
redis.call('HSET', key('archive'), 'actions', first + many)
return {'ok'}
