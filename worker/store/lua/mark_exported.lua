-- Mark an invoice as exported by hand. ARGV: token, id, outcome, history detail, who, why.
if not mark_exported(ARGV[4], ARGV[3], ARGV[5], ARGV[6]) then return {'refused'} end
act_on_invoices(ARGV[3], 'mark-exported', ARGV[7], ARGV[8], {ARGV[4]})
return finish({'ok'})
