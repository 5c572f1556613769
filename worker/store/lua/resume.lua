-- Lift a pause. ARGV: token, export.
local token, export = ARGV[3], ARGV[4]
if redis.call('HDEL', key('export-status'), export_field('paused', export)) == 1 then
  set_export_status(export, 'resumed', token)
  redis.call('DEL', key('pause-probe', export))
end
return {export_status(export, 'resumed') == token and 'ok' or 'refused'}
