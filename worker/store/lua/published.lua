-- Note that messages of these queued invoices have been sent. ARGV: ids.
for at = 3, #ARGV do
  local invoice = read(ARGV[at], 'first_published_at')
  if invoice and invoice.state == 'queued' then
    local old, first = index_of(invoice), invoice.first_published_at
    write(invoice, {published_at = AT, first_published_at = first == '0' and AT or first})
    local new = index_of(invoice)
    if old ~= new then place(old, invoice.id, false) end
    place(new, invoice.id, AT)
  end
end
return finish({'ok'})
