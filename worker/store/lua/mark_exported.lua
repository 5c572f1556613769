-- Mark an invoice as exported by hand. ARGV: token, id, outcome, history detail.
return finish({mark_exported(ARGV[4], ARGV[3], ARGV[5], ARGV[6]) and 'ok' or 'refused'})
