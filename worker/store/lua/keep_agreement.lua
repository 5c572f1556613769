-- Keep what a check of an export's agreement came to. ARGV: export, seconds until the next one, state as JSON,
-- failures as JSON (empty: none).
redis.call('HSET', key('agreement', ARGV[3]), 'due', number(NOW + tonumber(ARGV[4])), 'state', ARGV[5])
if ARGV[6] == '' then
  redis.call('HDEL', key('agreement-failures'), ARGV[3])
else
  redis.call('HSET', key('agreement-failures'), ARGV[3], ARGV[6])
end
return {'ok'}
