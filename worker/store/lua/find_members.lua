-- Find members of a period by text. ARGV: period, text in small letters, how many are wanted at most, then pairs of the
-- lowest score that fits and the one above the highest (none: all fit). Answers the ids in the order they came.
local period, sought, most = ARGV[3], ARGV[4], tonumber(ARGV[5])
local text = redis.call('GET', key('search', period)) or ''

-- The members that fit otherwise, where that is asked for: read at once, as a broad text finds nearly all.
local others
for at = 6, #ARGV, 2 do
  others = others or {}
  local range = redis.call('ZRANGEBYSCORE', key('members', period), ARGV[at], '(' .. ARGV[at + 1])
  for _, id in ipairs(range) do others[id] = true end
end
if others and not next(others) then return {} end

local answer, seen, at = {}, {}, string.find(text, sought, 1, true)
while at and #answer < most do
  local tab = string.find(text, '\t', at, true)
  local ends = string.find(text, '\n', at, true)
  -- A match across two lines, or in what follows the tab, is none: the same id stands before it.
  if tab and tab < ends then
    local id = string.sub(text, tab + 1, ends - 1)
    if not seen[id] and (not others or others[id]) then answer[#answer + 1] = id end
    seen[id] = true
  end
  at = string.find(text, sought, ends + 1, true)
end
return answer
