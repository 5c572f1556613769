-- Write progress and apply a transition while the fence holds. ARGV: id, fence, token, lease seconds,
-- progress, generation, lookup, sent, then the effect: state, event, detail, outcome, due at, failure, attempts used up.
-- Answers what the record then says of state, times and periods: it may have joined another one since its claim.
local id, fence, token, lease = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local to, event, detail, outcome, due_at, failure, used = unpack(ARGV, 11, 17)
local invoice = read(id, 'fence', 'token', 'outcome', 'attempts', 'crashes', 'lease_until', 'due_at', 'updated_at',
  to == 'exported' and 'content' or nil)
if not invoice then return {'lost'} end

local function saved()
  return {'saved', {invoice.state, invoice.outcome, invoice.attempts, invoice.crashes, invoice.lease_until,
    invoice.due_at, invoice.published_at, invoice.updated_at, invoice.periods}}
end

-- The answer to this very call was lost. One that goes on with the lease must still have it.
if invoice.token == token and invoice.fence == fence and (to ~= 'exporting' or invoice.state == to) then
  return saved()
end
if invoice.state ~= 'exporting' or invoice.fence ~= fence then return {'lost'} end

local changes = {progress = ARGV[7], generation = ARGV[8], lookup = ARGV[9], sent = ARGV[10],
  token = token, failure = failure, outcome = outcome, attempts = string.format('%d', invoice.attempts + used)}
if to == 'exporting' then -- crashes stay: a worker may die late in its execution, each time
  changes.lease_until, changes.updated_at = number(NOW + lease), AT
  note(invoice, changes, event, detail)
  write(invoice, changes)
else
  changes.crashes = '0'
  local waits = to == 'waiting'
  if waits then changes.due_at = due_at end
  move(invoice, to, event, detail, changes, waits and due_at or AT)
end
return finish(saved())
