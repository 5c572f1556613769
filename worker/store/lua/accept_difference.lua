-- Accept a difference that the last certificate found. ARGV: period, invoice, acceptance, history detail,
-- token, export, who, why.
local period, id, acceptance, detail = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('HEXISTS', key('differences', period), id) == 0 then return {'refused'} end
if redis.call('HGET', key('accepted', period), id) == acceptance then return {'ok'} end
redis.call('HSET', key('accepted', period), id, acceptance)
redis.call('ZADD', key('reconciles'), AT, period)
act(ARGV[7], 'accept-difference', ARGV[9], ARGV[10], ARGV[8], {id, period})
local invoice, changes = read(id), {}
if invoice then
  note(invoice, changes, 'difference-accepted', detail)
  write(invoice, changes)
end
return {'ok'}
