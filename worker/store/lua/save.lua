-- Write progress and apply a transition while the fence holds. ARGV: id, fence, token, lease seconds,
-- progress, generation, look, sent, then the effect: state, event, detail, outcome, due at, failure, attempts used up.
local id, fence, token, lease = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local progress, generation, lookup, sent = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local to, event, detail, outcome, due_at, failure, used = unpack(ARGV, 11, 17)
local invoice = key('invoice', id)
local state, held, last, export = unpack(redis.call('HMGET', invoice, 'state', 'fence', 'token', 'export'))

local function answer()
  return {'saved', redis.call('HMGET', invoice,
    'state', 'outcome', 'attempts', 'crashes', 'lease_until', 'due_at', 'published_at', 'updated_at')}
end

-- The answer to this very call was lost. One that goes on with the lease must still have it.
if last == token and held == fence and (to ~= 'exporting' or state == to) then return answer() end
if state ~= 'exporting' or held ~= fence then return {'lost'} end

redis.call('HSET', invoice, 'progress', progress, 'generation', generation, 'lookup', lookup, 'sent', sent,
  'token', token, 'failure', failure, 'outcome', outcome)
redis.call('HINCRBY', invoice, 'attempts', used)
if to == 'exporting' then -- crashes stay: a worker may die late in its execution, each time
  note(id, event, detail)
  hold(id, export, lease)
else
  redis.call('HSET', invoice, 'crashes', '0')
  move(id, to, event, detail)
  if to == 'waiting' then
    redis.call('HSET', invoice, 'due_at', due_at)
    redis.call('ZADD', key('due', export), due_at, id)
  end
end
return answer()
