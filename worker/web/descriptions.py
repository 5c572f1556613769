"""What is said of a single failure, and beside an entry of a history, in the reader's language by its pattern.

The store keeps the sentence as it was found, in English: so records of every version are read alike, and nothing has
to be migrated. A sentence that no pattern fits is somebody else's, or an older version's: it is quoted.
"""

import re
from collections.abc import Sequence

from worker.economic.mapping.reasons import REASONS
from worker.web.language import mark
from worker.web.sentences import Say, values_of

#: Descriptions of failures. Of two patterns that fit, the first counts.
DESCRIPTIONS = (
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
    mark("The file's SHA-256 is {digest}; the event says {sha256}."),
    mark("The file cannot be kept in {folder} while it is read: {error}."),
    mark("There is no export named {export}; there are: {known}."),
    mark("Export {export} is about to be taken in from the exports file."),
    mark("The host {host} cannot be looked up."),
    mark("The host cannot be reached."),
    mark("The host's answer broke off ({error})."),
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
    mark("Invoice {number}: {field} is {stated}, but {parts} add up to {added}."),
    mark("Invoice {number} has {times} lines with number {line}."),
    mark("Invoice {number}, line {line}: VAT is {vat}, but {rate} % of {net} is {expected}."),
    mark("Invoice {number}: {field} {day} is not a plausible date."),
    mark("The control total says {amount}, but the invoices add up to {added}."),
    mark("Invoice number {number} occurs {times} times in the event."),
    mark("The event announces {stated} invoices, but holds {count}."),
    mark("The event has {number} control totals for {currency}, not one."),
    mark("A fault in this program ({error}); its log says where."),
    mark("{number} readings of this event ended with the death of the process that read it."),
    mark("And {number} more problems."),
    mark("The {invoices} taken in; send the event again with what is named here corrected."),
    mark("Event {id} was taken in before with other content. Invoices of this one: {what}."),
    mark("The file is not there."),
    mark("The file is larger than {bytes} bytes."),
    mark("The file holds no invoices."),
    mark("invoiceCount must be a whole number of 1 or more."),
    mark("An object has a key twice: {key}."),
    mark("Not JSON: {what} at byte {byte}."),
    mark("{where}: One invoice may have {bytes} bytes and {values} values; this one has more."),
    mark("{where}: export {export} has no folder where files could wait for it. Set source.folder."),
    mark("More than {bytes} bytes."),
    mark("The request is signed for export {export}, and the event names {other}."),
    mark("Byte {byte} is not UTF-8."),
    mark("Why it was refused is not on record."),
    mark("The event has {bytes} bytes; at most {most} are accepted."),
    mark("data: give either invoices or invoicesRef, not both and not neither."),
    mark("The file holds {count} invoices; the event says {stated}."),
    mark("The event is not a JSON object."),
    mark("What the event says beside its invoices has more than {bytes} bytes or {values} values."),
    mark("The host answered {status}."),
    mark("{why} Tried {number} times."),
    mark("{file} holds no invoices."),
    mark("The address {what}."),
    mark("{why} Set source.folder."),
    mark("{field} is {value}; this program understands {known}."),
)
#: What stands in them besides names and numbers.
_INSIDE = (
    mark("none"),
    mark("{one} and {other}"),
    mark("and accounting year {year} is closed in e-conomic"),
    mark("no rounding account is named"),
    mark("voucher.most_rounding is {most}"),
    mark("no VAT code of e-conomic"),
    mark("e-conomic's {code} with {rate}"),
    mark("{code} does not exist"),
    mark("{code} is for purchases, not for sales,"),
    mark("{what} is barred"),
    mark("is barred"),
    mark("does not exist"),
    mark("{account} is of type {kind}, which takes no entries,"),
    mark("{account} is blocked for direct entries"),
    mark("{terms} give {date}"),
    mark("{terms} are of kind {kind}, whose date e-conomic decides"),
    mark("the app secret token for this agreement grant token: they belong to different apps"),
    mark("the app secret token"),
    mark("the agreement grant token"),
    mark("the access tokens"),
    mark("VAT code {code}"),
    mark("no VAT code"),
    mark("the answer was status {status}"),
    mark("the exports file names {number}"),
    mark("it has written to {number} since its first use"),
    mark("its lines' net amounts"),
    mark("its lines' VAT amounts"),
    mark("net, VAT and rounding"),
)
#: Details of a history that are neither a number nor a person's own words.
_DETAILS = (
    mark("found booked as {number}"),
    mark("booked as {number}"),
    mark("the store was away"),
)
#: Before each sentence of a failure that says several.
_NUMBER = re.compile(r"(?:^| )\(\d+\) ")


def described(text: str, say: Say) -> str:
    """Return the description of a failure in the language of ``say``; quoted where it cannot be said in it."""
    if not text or say(DESCRIPTIONS[0]) == DESCRIPTIONS[0]:
        return text  # English
    said = _by_pattern(text, DESCRIPTIONS, say)
    if said is None and say(text) != text:
        said = say(text)
    if said is None:
        said = _of_several(text, say)
    return f"»{text}«" if said is None else said


def detail(text: str, say: Say) -> str:
    """Return what stands beside an entry of a history: a reason by its heading; a person's words as they are."""
    if text in REASONS:
        return say(REASONS[text].heading)
    return _by_pattern(text, _DETAILS, say) or text


def _of_several(text: str, say: Say) -> str | None:
    before, *parts = _NUMBER.split(text)
    if before or len(parts) < 2:  # noqa: PLR2004  # one is no several
        return None
    return " ".join(f"({number}) {described(part, say)}" for number, part in enumerate(parts, 1))


def _by_pattern(text: str, patterns: Sequence[str], say: Say) -> str | None:
    for pattern in patterns:
        values = values_of(pattern, text)
        if values is not None:
            return say(pattern).format(**{name: _inside(value, say) for name, value in values.items()})
    return None


def _inside(value: str, say: Say) -> str:
    """Return what a placeholder stands for: a phrase, another description, a heading, or a name as it is."""
    if " " not in value and value != "none":
        return value
    return _by_pattern(value, _INSIDE, say) or _by_pattern(value, DESCRIPTIONS, say) or say(value)
