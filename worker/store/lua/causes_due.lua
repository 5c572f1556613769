-- The exports of which a cause, or why they are paused, is to be asked now. ARGV: token, seconds until it may be taken
-- again, reasons of pauses that can be asked (with spaces between), then the exports that are served. Answers each once.
local token, lease, askable = ARGV[3], tonumber(ARGV[4]), ' ' .. ARGV[5] .. ' '

-- Dead letters of an earlier version of this program lie in no cause yet: some are put there at each call.
local SOME = 200
local function index_older()
  if redis.call('SETNX', key('causes-known'), '1') == 1 and redis.call('EXISTS', key('dead')) == 1 then
    redis.call('ZUNIONSTORE', key('causes-unknown'), 1, key('dead'))
  end
  local some = redis.call('ZRANGE', key('causes-unknown'), 0, SOME - 1, 'WITHSCORES')
  for at = 1, #some, 2 do
    local invoice = read(some[at], 'failure', 'cause')
    if invoice and invoice.state == 'dead' and (invoice.cause or '') == '' and invoice.failure ~= '' then
      local fields = {}
      enter_cause(invoice, invoice.failure, fields, some[at + 1])
      write(invoice, fields)
    end
    redis.call('ZREM', key('causes-unknown'), some[at])
  end
end

local function due(export)
  local paused = export_status(export, 'paused')
  if paused then
    local reason = cjson.decode(paused).reason
    if not string.find(askable, ' ' .. reason .. ' ', 1, true) then return false end
    return tonumber(redis.call('HGET', key('pause-probe', export), 'next') or '0') <= NOW
  end
  return #redis.call('ZRANGEBYSCORE', key('cause-probes', export), '-inf', AT, 'LIMIT', 0, 1) > 0
end

index_older()
local answer = {}
for at = 6, #ARGV do
  local export = ARGV[at]
  local till, by = string.match(redis.call('HGET', key('causes-taken'), export) or '0 nobody', '^(%S+) (%S+)$')
  if by == token then -- the answer to this very call was lost
    table.insert(answer, export)
  elseif tonumber(till) <= NOW and due(export) then
    redis.call('HSET', key('causes-taken'), export, number(NOW + lease) .. ' ' .. token)
    table.insert(answer, export)
  end
end
return finish(answer)
