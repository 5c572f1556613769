-- Make a claimed certificate due later. ARGV: period, score that the claim got, when.
local period, claimed, later = ARGV[3], ARGV[4], ARGV[5]
if redis.call('ZSCORE', key('reconciles'), period) == claimed then
  redis.call('ZADD', key('reconciles'), later, period)
end
return {'ok'}
