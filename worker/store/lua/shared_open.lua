-- Read the record of a customer or product, or take its lease. ARGV: key, token, lease seconds. Answers the record, or for
-- how long another holds it.
local shared, token, lease = key('shared', ARGV[3]), ARGV[4], tonumber(ARGV[5])
local fields, record = redis.call('HGETALL', shared), {}
for at = 1, #fields, 2 do record[fields[at]] = fields[at + 1] end

if (record.number or '') == '' and record.token ~= token then
  local left = tonumber(record.lease_until or '0') - NOW
  if left > 0 then return {'busy', number(left)} end
  local fence = string.format('%d', (record.fence or 0) + 1)
  redis.call('HSET', shared, 'fence', fence, 'token', token, 'lease_until', number(NOW + lease))
  table.insert(fields, 'fence')
  table.insert(fields, fence) -- a later field counts
end
return {'ok', fields}
