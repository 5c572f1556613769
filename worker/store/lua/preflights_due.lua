-- Answer id and export of every period whose preflight is due and not claimed.
local answer = {}
for _, period in ipairs(redis.call('ZRANGEBYSCORE', key('preflights'), '-inf', AT)) do
  local lease_until, export = unpack(redis.call('HMGET', key('period', period), 'lease_until', 'export'))
  if tonumber(lease_until) <= NOW and not export_status(export, 'paused') then
    table.insert(answer, period)
    table.insert(answer, export)
  end
end
return answer
