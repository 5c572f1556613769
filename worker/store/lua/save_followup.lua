-- Write what is known of what follows an invoice's booking, while its period's certificate is ours. ARGV: period, score
-- that the claim got, invoice, field (pdf or credit), its state as JSON, history event (empty: none), detail.
local period, claimed, id, field, value, event, detail = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if redis.call('ZSCORE', key('reconciles'), period) ~= claimed then return {'lost'} end
local invoice = read(id, field)
if not invoice then return {'lost'} end
if invoice[field] == value then return {'ok'} end
local changes = {[field] = value}
if event ~= '' then note(invoice, changes, event, detail) end
write(invoice, changes)
return {'ok'}
