-- Log an action on something that is kept elsewhere. ARGV: token, what, who, why, export, ids.
local token, what, who, why, export = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
act(token, what, who, why, export, {unpack(ARGV, 8)})
return {'ok'}
