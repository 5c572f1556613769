-- Answer id and export of every period whose certificate is due: checked, and none of its invoices on its way.
local answer = {}
for _, period in ipairs(redis.call('ZRANGEBYSCORE', key('reconciles'), '-inf', AT)) do
  local state, export = unpack(redis.call('HMGET', key('period', period), 'state', 'export'))
  if at_rest(period, state) and not export_status(export, 'paused') then
    table.insert(answer, period)
    table.insert(answer, export)
  end
end
return answer
