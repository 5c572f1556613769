-- Answer how many periods and invoices of each export are archived: a name with a space before what is counted, its number.
return redis.call('HGETALL', count_archived())
