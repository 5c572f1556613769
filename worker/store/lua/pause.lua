-- Pause an export by a person's order; a pause already there keeps its first reason, and is not lifted any more by what
-- was ordered before. ARGV: token, export, failure, who, why.
local token, export, failure, who, why = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if redis.call('HSETNX', key('export-status'), export_field('paused', export), failure) == 1 then
  act(token, 'pause', who, why, export, {export})
end
redis.call('HDEL', key('export-status'), export_field('resume', export))
return {'ok'}
