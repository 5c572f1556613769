-- Keep why numbers never came. ARGV: token, export, explanation as JSON, who, why, the numbers in words.
local token, export, explanation = ARGV[3], ARGV[4], ARGV[5]
if act(token, 'explain-numbers', ARGV[6], ARGV[7], export, {ARGV[8]}) then
  redis.call('RPUSH', key('explained', export), explanation)
end
return {'ok'}
