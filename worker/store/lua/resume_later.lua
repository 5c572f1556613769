-- Order a pause that is there to be lifted by a sweep. ARGV: export, seconds until then, who, why.
local export, after, who, why = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
if not export_status(export, 'paused') then return {'refused'} end
set_export_status(export, 'resume', cjson.encode({at = number(NOW + after), who = who, why = why}))
redis.call('SADD', key('exports'), export) -- sweeps look at these
return {'ok'}
