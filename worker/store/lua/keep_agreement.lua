-- Keep what a check of an export's agreement came to. ARGV: export, seconds until the next one, state as JSON.
redis.call('HSET', key('agreement', ARGV[3]), 'due', number(NOW + tonumber(ARGV[4])), 'state', ARGV[5])
return {'ok'}
