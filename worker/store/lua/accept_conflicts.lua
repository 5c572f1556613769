-- Accept an invoice's conflicts in a period: what was posted stays, both contents are kept. ARGV: period, id, by
-- and why, token, who, why. Answers how many are accepted with these words, so that a repeat gets the answer of the first.
local period, id, mark = ARGV[3], ARGV[4], ',"accepted":' .. cjson.encode(ARGV[5]) .. '}'
local invoice = read(id)
if not invoice and not archived(id) then return {0} end
local found, accepted, now = redis.call('HGETALL', key('conflicts', period)), 0, 0
for at = 1, #found, 2 do
  local field, text = found[at], found[at + 1]
  local ours = string.sub(field, 1, #id + 1) == id .. ' '
  -- Quotes inside the content are escaped, so that only a field of the conflict itself can look like this.
  if ours and not string.find(text, ',"accepted":"', 1, true) then
    redis.call('HSET', key('conflicts', period), field, string.sub(text, 1, -2) .. mark)
    accepted, now = accepted + 1, now + 1
  elseif ours and string.sub(text, -#mark) == mark then
    accepted = accepted + 1
  end
end
if now > 0 then
  if invoice then
    local changes = {}
    note(invoice, changes, 'conflict-accepted', ARGV[5])
    write(invoice, changes)
  end
  act(ARGV[6], 'accept-conflict', ARGV[7], ARGV[8], string.match(id, '^[^-]+'), {id, period})
end
return {accepted}
