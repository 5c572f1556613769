-- Write what is known of an invoice's PDF while its period's certificate is ours. ARGV: period, score that the claim got,
-- invoice, the PDF's state as JSON, history event (empty: none), detail.
local period, claimed, id, pdf, event, detail = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
if redis.call('ZSCORE', key('reconciles'), period) ~= claimed then return {'lost'} end
local invoice = read(id, 'pdf')
if not invoice then return {'lost'} end
if invoice.pdf == pdf then return {'ok'} end
local changes = {pdf = pdf}
if event ~= '' then note(invoice, changes, event, detail) end
write(invoice, changes)
return {'ok'}
