-- Keep the text of a certificate packed. ARGV: id, SHA-1 of the text, the packed text.
local record = key('certificate', ARGV[3])
local text = redis.call('HGET', record, 'text')
if not text or redis.sha1hex(text) ~= ARGV[4] then return {'refused'} end
redis.call('HSET', record, 'packed', ARGV[5])
redis.call('HDEL', record, 'text')
return {'ok'}
