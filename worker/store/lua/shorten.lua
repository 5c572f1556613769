-- Write the records of finished invoices short: without fields that are as at the beginning, their contents by phrases.
-- Nothing is lost, and a move fills the record up again. ARGV: ids. Answers how many were made shorter.
local PATTERNS = {}
for _, pair in ipairs(PHRASES) do PATTERNS[#PATTERNS + 1] = {string.gsub(pair[2], '%p', '%%%0'), pair[1]} end

local function short(content)
  if string.find(content, '[%z\1-\31]') then return content end -- it is short, or nothing that we have written
  local text = content
  for _, pair in ipairs(PATTERNS) do text = string.gsub(text, pair[1], pair[2]) end
  return string.char(SHORT) .. text
end

local function shorten(id)
  local record = key('invoice', id)
  local fields, known = redis.call('HGETALL', record), {}
  known.export, known.number = in_id(id, {})
  local words, was = {}, #fields
  for at = 1, #fields, 2 do
    local name, value = fields[at], fields[at + 1]
    if name == 'state' and value ~= 'exported' then return 0 end
    local idle = name == 'token' or value == (known[name] or LEFT_OUT[name]) or
      value == '' and (name == 'cause' or name == 'stake')
    if name == 'content' then value = short(value) end
    if not idle then words[#words + 1], words[#words + 2] = name, value end
  end
  if #words == was or #words == 0 then return 0 end
  redis.call('DEL', record) -- written anew, as a hash that has lost fields keeps the room for them
  redis.call('HSET', record, unpack(words))
  return 1
end

local shortened = 0
for at = 3, #ARGV do shortened = shortened + shorten(ARGV[at]) end
return {shortened}
