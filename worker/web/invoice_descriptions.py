"""What is said of a failed invoice, of its export, and of what both stand on: e-conomic, the store, the archive."""

from worker.web.language import mark

#: Of two patterns that fit, the first counts.
INVOICE_DESCRIPTIONS = (
    mark("The archive cannot be used: {why}."),
    mark("Export {export} is in store {store}; the event came through another one's queue."),
    mark("Store {store} does not answer; its exports wait: {exports}."),
    mark("Paused by {who}: {why}."),
    mark(
        "Correction {number} credits invoice {credited}, which {standing} and not exported yet ({id}). "
        "It is exported all the same {days} days after it came in."
    ),
    mark(
        "Opter: net {net}, VAT {vat}, gross {gross}. e-conomic will compute net {net2}, VAT {vat2}, "
        "gross {gross2}: the draft will be discarded."
    ),
    mark("Invoice {number} has been posted with other content ({where})."),
    mark("{name} of export {export} is empty or holds spaces, line ends or odd characters."),
    mark("{call} of export {export} cannot be sent ({error}): check api_url in the exports file."),
    mark("e-conomic cannot be reached ({detail})."),
    mark("{call} was sent to e-conomic, but {what}: it may or may not have taken effect."),
    mark("The calls that e-conomic grants are used up; about {seconds} until the next may go."),
    mark("e-conomic asked to be left alone; about {seconds} until the next call may go."),
    mark("e-conomic failed several times in a row, so nothing is sent to it for {seconds}."),
    mark(
        "{calls} calls in 24 hours are used up (limits.calls_per_day in the exports file); about "
        "{seconds} until more may go."
    ),
    mark("e-conomic does not accept {token} ({where}, status {status})."),
    mark("The agreement lacks a module that is needed ({where})."),
    mark("The app lacks a role that is needed ({where}): SuperUser or {role}."),
    mark("Opter's customer {code} has {ours}, but customer {number} in e-conomic has {theirs}."),
    mark("Customer {number} is barred in e-conomic."),
    mark(
        "Opter's customer {code} may be customer {numbers} in e-conomic, which has another name; no id "
        "and EAN together confirm it."
    ),
    mark(
        "Customer {number}, which Opter's customer {code} had in e-conomic so far, {was}. Customer "
        "{elsewhere} has its id, or name and address."
    ),
    mark("Opter's customer {code} fits several customers in e-conomic with {shared}: {candidates}."),
    mark("Customer {code}: ledger number {number} is too long for e-conomic."),
    mark("Customer group {group} does not exist in e-conomic, which has: {there}."),
    mark("The invoice is dated {day}, and e-conomic takes no entries on that date."),
    mark("The invoice is dated {day}, before the export's first_date {first}."),
    mark("The invoice is dated {day}, {why}."),
    mark("Due date is {day} in Opter, before the invoice's own date {date}."),
    mark("Due date is {day} in Opter; e-conomic's payment terms {terms}."),
    mark("Several payment terms {wanted} fit {ours}: {terms}."),
    mark("e-conomic has no payment terms {wanted} for {ours}. It has: {known}."),
    mark("Opter rounded the total by {amount}; e-conomic cannot."),
    mark(
        "Opter: net {net}, VAT {vat}, gross {gross}. e-conomic: net {net2}, VAT {vat2}, gross {gross2}. "
        "They differ in {fields}."
    ),
    mark("The invoice is in {currency}, the one in e-conomic in {other}."),
    mark("Currency {currency} does not exist in e-conomic."),
    mark("Layout {layout} does not exist in e-conomic, or has been deleted."),
    mark("Invoice {number} comes without a PDF."),
    mark("Sales account {account} fits several groups: {groups}."),
    mark("No product group in e-conomic is named or numbered {like} for sales account {account}."),
    mark("Product {product} of product group {group} is barred in e-conomic."),
    mark("Products {numbers} exist in e-conomic, but in other groups than sales account {account} needs."),
    mark(
        "Line {line} has {rate} VAT in Opter (VAT code {code}). In e-conomic, product group {group} and "
        "VAT zone {zone} lead to account {account} with {vat}, {other}."
    ),
    mark("Account {account} has VAT code {code}, which {wrong} in e-conomic."),
    mark("Nothing printable is left of {field}, which e-conomic requires."),
    mark("VAT zone {zone} does not exist in e-conomic, which has: {there}."),
    mark("{start} amounts in {currency}; Opter's invoice is in {other}."),
    mark("{start} {gross} on the customer; Opter's gross amount is {other}."),
    mark("{start} customer {theirs}; the invoice's customer is {ours} in e-conomic."),
    mark("{start} {theirs} by VAT code; Opter's invoice gives {ours}."),
    mark("Journal {journal} does not exist in e-conomic, which has: {there}."),
    mark("Journal {journal} takes {kind} entries only."),
    mark("The invoice has several postings, and the exports file names no clearing account."),
    mark("Every amount of invoice {number} is zero."),
    mark("The lines and the rounding add up to {total}, but the invoice's gross amount is {gross}."),
    mark("VAT code {code} has no VAT, but its lines carry {vat}."),
    mark("{amount} would have to go to a rounding account, but {why}."),
    mark("Opter's VAT code {code} is not paired with one of e-conomic's."),
    mark("Opter's VAT code {code} stands for {rate}; it goes to {theirs}."),
    mark("VAT code {code} in e-conomic."),
    mark("Opter's sales account {account} is a name, and is not mapped to an account number."),
    mark("Account {number} does not exist in e-conomic."),
    mark("Account {account} in e-conomic."),
    mark("Another thread is reading e-conomic's master data."),
    mark("GET {path}: e-conomic's answer could not be understood."),
    mark("GET {path}: the listing changes faster than it can be read. It is read again later."),
    mark("The PDF cannot be fetched for now: {why}"),
    mark("Payments cannot be written to {folder}: {error}."),
    mark("The run of payments was not taken by {host}: {why}."),
    mark("RabbitMQ does not answer ({error})."),
    mark("The tokens of export {export} open agreement {seen}, but {bound}."),
    mark("The voucher of invoice {number} was posted, but cannot be read yet."),
    mark("Another thread is reading e-conomic's vouchers."),
    mark("e-conomic's clock is {gap}; at most {most} s are allowed. Nothing is created until they agree."),
    mark("Customer {number}, on which the invoice was to be booked, is not in e-conomic any more."),
    mark("Invoice {number} was posted as voucher {voucher} ({where}) by the voucher method."),
    mark("It is in e-conomic as {document}, by the invoice method."),
    mark("The program failed with {error}."),
    mark("{heading}: the last calls of {names} failed."),
    mark("{heading}: {invoices} waiting for it."),
    mark("Number {number} is taken in e-conomic by an invoice of {date} over {gross}."),
    mark("The total of invoice {number} is zero. {why}"),
    mark("Reference {reference} is written otherwise in e-conomic, at {where}."),
    mark("Invoice {number} stands in e-conomic more than once, as {documents}."),
    mark("It is booked in e-conomic as {number}, with other amounts. {why}"),
    mark(
        "Voucher {voucher} of {year} stands in journal {journal} without invoice number {number}, which "
        "was sent as {name}."
    ),
    mark("Invoice {number} stands in e-conomic more than once, {where}: vouchers {numbers}."),
    mark("The invoice cannot be read as the store has it."),
    mark("Another worker has taken over the creation of the same customer or product in e-conomic."),
    mark("e-conomic answered the creation of a {what} with another's data, under number {number}."),
    mark("e-conomic answered the creation of a {what} with status {status} and no number."),
    mark("An earlier request to create the same customer or product has left a trace; it is looked up again."),
    mark(
        "Nothing of invoice {number} was found in e-conomic; a second lookup follows, as the store is "
        "new or may have lost writes."
    ),
    mark(
        "It is not certain whether invoice {number} reached e-conomic: a first lookup found nothing, a "
        "second one follows."
    ),
    mark("e-conomic answered with a success that does not show that {what}; it is looked up before it is repeated."),
    mark("Voucher {voucher} was posted, but cannot be read yet to attach its PDF."),
    mark("Exchange rate {rate} for {currency} is not a price of 100 units."),
    mark("Exchange rate {rate} for {currency} looks like one that stands for none."),
    mark(
        "Exchange rate {rate} for 100 {currency} cannot be right: {why}, so it is expected between "
        "{lowest} and {highest}."
    ),
    mark("Opter has {stated} for {gross}, but exchange rate {rate} gives {computed}."),
    mark("Product group {group}, VAT zone {zone}: sales account {account} is barred."),
    mark("Product group {group}, VAT zone {zone}: no sales account is chosen."),
    mark("e-conomic takes no entries on an account of the voucher: it is barred or does not exist ({code})."),
    mark("e-conomic refused a product on the invoice, because it is barred ({code})."),
    mark("e-conomic does not know the customer group that the customer was to be created in ({code})."),
    mark("e-conomic answered that the agreement's calls are used up for the moment (429)."),
    mark("e-conomic refused {call} with status {status}."),
    mark("Redis does not answer: {why} ({kind})."),
    mark("Redis refused a command: {why} ({kind})."),
    mark("Redis does not answer ({kind})."),
    mark("Redis refused a command ({kind})."),
    mark("{heading}: {name} was seen {span} ago."),
    mark("{heading}: none was seen for a day."),
    mark("The PDF is announced with {bytes} bytes; e-conomic takes {most}."),
    mark("The PDF has {bytes} bytes, announced were {stated}."),
    mark("The PDF has another SHA-256 than announced."),
    mark("The PDF is no PDF."),
)
