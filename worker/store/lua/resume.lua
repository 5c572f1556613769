-- Lift a pause. ARGV: token, export, who (empty: nobody is logged), why.
local token, export = ARGV[3], ARGV[4]
if redis.call('HDEL', key('export-status'), export_field('paused', export)) == 1 then
  set_export_status(export, 'resumed', token)
  redis.call('DEL', key('pause-probe', export))
  if ARGV[5] ~= '' then act(token, 'resume', ARGV[5], ARGV[6], export, {export}) end
end
return {export_status(export, 'resumed') == token and 'ok' or 'refused'}
