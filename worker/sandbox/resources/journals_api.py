"""The journals service 15.0.0: draft entries, and booking, which legacy REST does not have (its own documentation).

Booking takes the whole journal or nothing. Booked entries leave the journal for the general ledger, readable on
legacy REST under ``/accounting-years/{year}/entries``. Which of their properties legacy filters by is taken narrowly.
"""

from collections.abc import Iterable

from worker.sandbox.failures import Invalid, problem
from worker.sandbox.resources.entry_rules import DATE_CODES
from worker.sandbox.resources.fields import Schema, dotted, integer
from worker.sandbox.resources.ledger import add_row
from worker.sandbox.resources.links import linked, url
from worker.sandbox.resources.lookup import NUMBER, TEXT, existing, listing, number_in
from worker.sandbox.resources.postings import balance, postings
from worker.sandbox.resources.voucher_schema import entries_of, invoice_number
from worker.sandbox.resources.voucher_view import Key
from worker.sandbox.resources.years import refusal
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

#: ``entryTypeNumber`` of the kinds that the sandbox keeps.
TYPE_NUMBERS = {"financeVouchers": 5, "manualCustomerInvoices": 10}
#: The same in booked entries (recorded answers; the finance voucher's word is inferred).
ENTRY_TYPES = {"financeVouchers": "financeVoucher", "manualCustomerInvoices": "manualDebtorInvoice"}
RENAMED = {
    "accountNumber": ("account", "accountNumber"),
    "contraAccountNumber": ("contraAccount", "accountNumber"),
    "vatCode": ("vatAccount", "vatCode"),
    "contraVatCode": ("contraVatAccount", "vatCode"),
    "customerNumber": ("customer", "customerNumber"),
    "currency": ("currency", "code"),
}
CHOSEN: Schema = {"entryNumbers": integer()}


def list_drafts(agreement: Agreement, _call: Call) -> Answer:
    """List draft entries of every journal."""
    rows = [_draft(key, kind, e) for key, v in agreement.vouchers.items() for kind, e in entries_of(v)]
    return listing(
        rows, dict.fromkeys(("entryNumber", "journalNumber", "voucherNumber", "date"), NUMBER) | {"text": TEXT}
    )


def book(agreement: Agreement, call: Call) -> Answer:
    """Book every voucher of a journal: 204."""
    number = number_in(call, "journalNumber")
    existing(agreement.journals, number)
    _book(agreement, [key for key in agreement.vouchers if key[0] == number], call)
    return Answer(status=204, body=None)


def book_chosen(agreement: Agreement, call: Call) -> Answer:
    """Book the vouchers that the named entries belong to: 204. Naming part of a voucher is refused."""
    number = number_in(call, "journalNumber")
    existing(agreement.journals, number)
    chosen = set(_entry_numbers(call.body))
    keys = [key for key, voucher in agreement.vouchers.items() if key[0] == number and chosen & _numbers(voucher)]
    if chosen != {entry for key in keys for entry in _numbers(agreement.vouchers[key])}:
        raise problem(400, "Name every entry of each voucher, and no other.", "JournalEntryNotFound")
    _book(agreement, keys, call)
    return Answer(status=204, body=None)


def list_booked(agreement: Agreement, call: Call) -> Answer:
    """List an accounting year's booked entries."""
    year = call.params["year"]
    existing(agreement.years, year)
    rows = [_booked(entry) for entry in agreement.booked_entries if entry["year"] == year]
    return listing(rows, dict.fromkeys(("amount", "date", "entryNumber", "voucherNumber"), NUMBER))


def _book(agreement: Agreement, keys: list[Key], call: Call) -> None:
    problems = [invalid for key in keys for invalid in _problems(agreement, key)]
    if problems:
        raise problem(400, "The journal cannot be booked.", problems[0].code, *problems)
    for key in keys:
        _move(agreement, key, agreement.vouchers.pop(key), call)


def _problems(agreement: Agreement, key: Key) -> Iterable[Invalid]:
    entries = [entry for _, entry in entries_of(agreement.vouchers[key])]
    for entry in entries:
        if reason := refusal(agreement, entry["date"]):
            yield Invalid(property="date", message=reason.replace("-", " "), code=DATE_CODES[reason])
    gone = [number for number in _customers(entries) if number not in agreement.customers]
    for number in _customers(entries):
        if number in gone or agreement.customers[number].get("barred"):
            message = f"Customer {number} {'does not exist' if number in gone else 'is barred'}."
            yield Invalid(property="customerNumber", message=message, code="JournalEntryCustomerNotAccessible")
    if gone:
        return
    if missing := balance(agreement, entries):
        message = f"Voucher {key[2]} does not balance: {missing} is left over."
        yield Invalid(property="voucherNumber", message=message, code="JournalVoucherDoesNotBalance")


def _customers(entries: list[Json]) -> list[int]:
    """Return whom the entries are booked on; a person may have barred or removed them since."""
    return [entry["customer"]["customerNumber"] for entry in entries if "customer" in entry]


def _move(agreement: Agreement, key: Key, voucher: Json, call: Call) -> None:
    for kind, entry in entries_of(voucher):
        for posting in postings(agreement, entry):
            kept: Json = {name: entry[name] for name in ("date", "text", "currency") if name in entry}
            owing = posting.customer is not None
            row: Json = {
                "year": key[1],
                "voucherNumber": key[2],
                "entryType": ENTRY_TYPES[kind],
                "vatCode": posting.vat_code,
                "customer": posting.customer,
                "invoice": invoice_number(entry) if owing else None,
                **kept,
            }
            if owing:
                row |= {"remainder": posting.amount, "dueDate": entry.get("dueDate", entry["date"])}
            row |= {
                "account": posting.account,
                "amount": posting.amount,
                "amountInBaseCurrency": posting.amount_in_base,
            }
            add_row(agreement, row, call)


def _draft(key: Key, kind: str, entry: Json) -> Json:
    renamed = {name: entry[part][leaf] for name, (part, leaf) in RENAMED.items() if part in entry}
    same: Json = {name: entry[name] for name in ("date", "amount", "text", "dueDate", "exchangeRate") if name in entry}
    invoice = {"customerInvoiceNumber": str(number)} if (number := invoice_number(entry)) else {}
    return {
        "entryNumber": entry["journalEntryNumber"],
        "journalNumber": key[0],
        "voucherNumber": key[2],
        "entryTypeNumber": TYPE_NUMBERS[kind],
        **renamed,
        **same,
        **invoice,
        "objectVersion": f"{entry['journalEntryNumber']:016x}",
    }


def _booked(row: Json) -> Json:
    own = ("entryNumber", "amount", "amountInBaseCurrency", "date", "text", "voucherNumber", "entryType")
    view: Json = {name: row[name] for name in own if name in row}
    view |= {"account": linked("accountNumber", row["account"], "accounts"), "currency": row["currency"]["code"]}
    if row["customer"] is not None:
        view["customer"] = linked("customerNumber", row["customer"], "customers")
    if row["invoice"] is not None:
        view["invoiceNumber"] = row["invoice"]
    if row["vatCode"]:
        view["vatAccount"] = linked("vatCode", row["vatCode"], "vat-accounts")
    return view | {"self": url("accounting-years", row["year"], "entries", row["entryNumber"])}


def _entry_numbers(body: object) -> list[int]:
    numbers = body.get("entryNumbers") if isinstance(body, dict) else None
    if not isinstance(numbers, list) or not numbers or not all(isinstance(number, int) for number in numbers):
        raise problem(400, "entryNumbers must be a list of entry numbers.", "JournalEntryNotFound")
    return numbers


def _numbers(voucher: Json) -> set[int]:
    return {entry["journalEntryNumber"] for _, entry in entries_of(voucher)}


SERVICE = "/journalsapi/v15.0.0"
ITEM = f"{SERVICE}/journals/{{journalNumber}}"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=f"{SERVICE}/draft-entries", handler=list_drafts, roles=BOOKKEEPING),
    Route(method="POST", path=f"{ITEM}/book", handler=book, roles=BOOKKEEPING, fields=frozenset()),
    Route(
        method="POST", path=f"{ITEM}/bookdraftentries", handler=book_chosen, roles=BOOKKEEPING, fields=dotted(CHOSEN)
    ),
    Route(method="GET", path="/accounting-years/{year}/entries", handler=list_booked, roles=BOOKKEEPING),
)
