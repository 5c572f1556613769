-- Lift a pause. ARGV: token, export, who (empty: nobody is logged), why.
local token, export = ARGV[3], ARGV[4]
lift_pause(token, export, ARGV[5], ARGV[6])
return {export_status(export, 'resumed') == token and 'ok' or 'refused'}
