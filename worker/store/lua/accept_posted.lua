-- Put an event on the queue and keep it under its id, both or neither. One whose content is known is left alone; other
-- content under the id is refused, unless it replaces just what is there.
-- ARGV: id, queue, event, content hash, content that may be replaced or sent again, document.
local id, queue, event, content, over, document = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local record = key('posted', id)
local first = redis.call('HMGET', record, 'content', 'at', 'document')
local at = AT
if first[1] and first[1] ~= over then
  return {first[1] == content and 'known' or 'conflict', first[2], first[3]}
end
if first[1] == content then at = first[2] end
redis.call('HSET', record, 'content', content, 'at', at, 'document', document)
redis.call('LPUSH', queue, event)
return {'accepted', at, document}
