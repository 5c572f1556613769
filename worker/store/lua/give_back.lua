-- Give back the lease of an execution that ended too early, without the death of a process. ARGV: id, fence, reason of
-- a killed worker, why it ended. Unless another execution has begun since, the invoice is queued again, and a sweep that took the
-- silence for a crash is corrected. Answers whether anything changed.
local id, fence, reason, why = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local invoice, token = read(id, 'fence', 'token', 'crashes', 'failure'), 'given back ' .. fence
if not invoice or invoice.fence ~= fence or invoice.token == token then return {'gone'} end

local state = invoice.state
if state == 'exporting' then
  move(invoice, 'queued', 'lease-given-back', why, {token = token}, '0')
  return finish({'given-back'})
end
if invoice.crashes == '0' then return {'gone'} end -- the execution came to its end, or its silence was not counted

local crashes = string.format('%d', invoice.crashes - 1)
local failed = invoice.failure ~= '' and cjson.decode(invoice.failure).reason or ''
if state == 'dead' and failed == reason or state == 'waiting' then
  move(invoice, 'queued', 'lease-given-back', why, {crashes = crashes, failure = '', token = token}, '0')
elseif state == 'queued' then
  write(invoice, {crashes = crashes, token = token})
else
  return {'gone'}
end
return finish({'given-back'})
