-- Note that messages of these queued invoices have been sent. ARGV: ids.
for at = 3, #ARGV do
  local id = ARGV[at]
  local invoice = key('invoice', id)
  local state, export, first = unpack(redis.call('HMGET', invoice, 'state', 'export', 'first_published_at'))
  if state == 'queued' then
    redis.call('HSET', invoice, 'published_at', AT, 'first_published_at', first == '0' and AT or first)
    redis.call('ZREM', key('unsent', export), id)
    redis.call('ZADD', key('sent', export), AT, id)
  end
end
return {'ok'}
