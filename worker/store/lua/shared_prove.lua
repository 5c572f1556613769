-- Note that numbers are still right. ARGV: key and number, repeated.
for at = 3, #ARGV, 2 do
  local shared = key('shared', ARGV[at])
  if redis.call('HGET', shared, 'number') == ARGV[at + 1] then redis.call('HSET', shared, 'proved_at', AT) end
end
return {'ok'}
