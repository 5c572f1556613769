-- Apply changes to what people are told, and lay notices into the boxes of their channels. ARGV: JSON of the changes: a list
-- of {what, key, hold, silent, notice, to}; `to` is a list of {channel, due}.
--
-- Each is told by the change of what is kept of its key, so that it is told once, whoever comes to it, however often.
local REMEMBERED = 90 * 86400 -- seconds for which something that is the case again counts as come back
local MOST = 4000 -- keys by which that is known

local function lay(change)
  if not change.notice or change.notice == '' then return end
  for _, to in ipairs(change.to or {}) do
    local id = redis.call('INCR', key('notices-number'))
    redis.call('ZADD', key('notice-box', to[1]), to[2], id)
    redis.call('HSET', key('notice-texts', to[1]), id, change.notice)
    redis.call('SADD', key('notice-channels'), to[1])
  end
end

local function keep_open(change, since, hold, notified, back)
  redis.call('HSET', key('notices-open'), change.key, table.concat({since, number(hold), notified, back}, ' '))
end

local function raise(change)
  local open = redis.call('HGET', key('notices-open'), change.key)
  local since, hold, notified, back = string.match(open or '', '^(%S+) (%S+) (%S+) (%S+)$')
  if not since then
    back = redis.call('ZSCORE', key('notices-past'), change.key) and '1' or '0'
    since, notified, hold = AT, '0', change.hold
  end
  if notified == '1' then return end
  local ripe = NOW - tonumber(since) >= change.hold
  if change.silent or (ripe and change.notice ~= '') then
    if not change.silent then lay(change) end
    notified = '1'
  end
  keep_open(change, since, change.hold, notified, back)
end

local function over(change)
  local open = redis.call('HGET', key('notices-open'), change.key)
  if not open then return end
  redis.call('HDEL', key('notices-open'), change.key)
  if string.match(open, '^%S+ %S+ (%S+)') ~= '1' then return end
  redis.call('ZADD', key('notices-past'), AT, change.key)
  lay(change)
end

local ACTS = {raised = raise, over = over}
function ACTS.once(change)
  if redis.call('HSETNX', key('notices-told'), change.key, AT) == 1 then lay(change) end
end
function ACTS.seen(change) redis.call('HSET', key('notices-seen'), change.key, change.notice) end

redis.call('SET', key('notices-begun'), AT, 'NX')
for _, change in ipairs(cjson.decode(ARGV[3])) do ACTS[change.what](change) end
redis.call('ZREMRANGEBYSCORE', key('notices-past'), '-inf', number(NOW - REMEMBERED))
redis.call('ZREMRANGEBYRANK', key('notices-past'), 0, -MOST - 1)
return {'ok'}
