"""The general ledger: what booking an invoice posts, and the booked entries service, 4.0.0.

The service's filters, the remainder and the type word ``manualDebtorInvoice`` are documented or were recorded (August
and November 2026). Unknown, and read in the harsher way here: whether lines without a customer carry the invoice's
number (they do not, see the switch), and whether an entry names its accounting year (it does not).
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from worker.sandbox.failures import problem
from worker.sandbox.resources.lookup import NUMBER, TEXT, listing
from worker.sandbox.resources.totals import in_base, line_vat, rounded
from worker.sandbox.resources.years import year_of
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

#: Kind of entry as the sandbox keeps it -> the service's word. The first was recorded, the others are inferred.
TYPE_WORDS = {
    "manualCustomerInvoices": "manualDebtorInvoice",
    "customerInvoice": "customerInvoice",
    "financeVouchers": "financeVoucher",
    "customerPayment": "customerPayment",
}
_PAIR = 2
#: Voucher numbers of booked invoices begin here: whether they are the invoices' own numbers is not documented.
FIRST_VOUCHER = 800_001
FILTERS = dict.fromkeys(
    (
        "accountNumber",
        "amount",
        "customerInvoiceNumber",
        "customerNumber",
        "date",
        "entryNumber",
        "remainder",
        "voucherNumber",
    ),
    NUMBER,
) | {"currency": TEXT, "text": TEXT}


def list_entries(agreement: Agreement, call: Call) -> Answer:
    """List booked entries of every year that reads see by now."""
    seen = call.now - timedelta(seconds=agreement.switches.ledger_lag)
    rows = agreement.booked_entries
    if agreement.switches.ledger_lag:
        rows = [row for row in rows if agreement.born.get(f"ledger {row['entryNumber']}", seen) <= seen]
    return listing([_view(agreement, row) for row in rows], FILTERS)


def list_pairs(agreement: Agreement, _call: Call) -> Answer:
    """List matched pairs of entries."""
    return listing(agreement.matched_pairs, dict.fromkeys(("entryNumber", "matchedEntryNumber"), NUMBER))


def match(agreement: Agreement, call: Call) -> Answer:
    """Match two open entries of one customer as far as they cancel each other out: 204.

    The operation is documented (since 3.1.0); its body and its refusals are inferred.
    """
    numbers = call.body.get("entryNumbers") if isinstance(call.body, dict) else None
    rows = {row["entryNumber"]: row for row in agreement.booked_entries if row["customer"] is not None}
    if not isinstance(numbers, list) or len(set(numbers)) != _PAIR or not set(numbers) <= rows.keys():
        raise problem(400, "entryNumbers must name two entries of a customer.", "EntryNotFound")
    first, second = sorted((rows[number] for number in numbers), key=lambda row: row["remainder"])
    if (first["customer"], first["currency"]) != (second["customer"], second["currency"]):
        raise problem(400, "The entries are of different customers or currencies.", "EntriesCannotBeMatched")
    if not first["remainder"] < 0 < second["remainder"]:
        raise problem(400, "The entries are not open, or have the same sign.", "EntriesAlreadyMatched")
    amount = min(-first["remainder"], second["remainder"])
    first["remainder"] += amount
    second["remainder"] -= amount
    pair = {"entryNumber": second["entryNumber"], "matchedEntryNumber": first["entryNumber"], "amount": amount}
    agreement.matched_pairs.append(pair)
    return Answer(status=204, body=None)


def post_invoice(agreement: Agreement, invoice: Json, call: Call) -> None:
    """Post a booked invoice: the customer owes its gross, revenue by account and VAT code, VAT by VAT account."""
    number, rate = invoice["bookedInvoiceNumber"], Decimal(invoice.get("exchangeRate", 100))
    year = year_of(agreement, invoice["date"])
    shared: Json = {
        "year": year["year"] if year else invoice["date"][:4],
        "voucherNumber": next_voucher(agreement),
        "entryType": "customerInvoice",
        "date": invoice["date"],
        "text": f"Faktura {number}",
        "currency": {"code": invoice["currency"]},
        "invoice": number,
    }
    gross = Decimal(invoice["grossAmount"])
    group = agreement.customers[invoice["customer"]["customerNumber"]]["customerGroup"]["customerGroupNumber"]
    debtors = agreement.customer_groups[group]["account"]["accountNumber"]
    owing = {"customer": invoice["customer"]["customerNumber"], "remainder": gross, "dueDate": invoice["dueDate"]}
    add_row(agreement, shared | owing | _amounts(debtors, gross, rate), call)
    for account, code, amount in _revenue_and_vat(agreement, invoice):
        add_row(agreement, shared | {"vatCode": code} | _amounts(account, -amount, rate), call)


def _amounts(account: int, amount: Decimal, rate: Decimal) -> Json:
    return {"account": account, "amount": amount, "amountInBaseCurrency": in_base(amount, rate)}


def next_voucher(agreement: Agreement) -> int:
    """Return the next voucher number of what is not posted by a journal."""
    number = agreement.counters.get("ledger-voucher", FIRST_VOUCHER)
    agreement.counters["ledger-voucher"] = number + 1
    return number


def add_row(agreement: Agreement, row: Json, call: Call) -> Json:
    """Append a row with ``account``, ``amount`` (a debit is positive) and ``amountInBaseCurrency``; return it."""
    number = agreement.booked_entries[-1]["entryNumber"] + 1 if agreement.booked_entries else 1
    whole: Json = {"customer": None, "vatCode": "", "invoice": None} | row | {"entryNumber": number}
    agreement.booked_entries.append(whole)
    agreement.born[f"ledger {number}"] = call.now
    return whole


def _revenue_and_vat(agreement: Agreement, invoice: Json) -> Iterator[tuple[int, str, Decimal]]:
    """Yield account, VAT code and amount of an invoice's revenue, then of its VAT, which adds up to the invoice's."""
    zone = invoice["recipient"]["vatZone"]["vatZoneNumber"]
    revenue: dict[tuple[int, str], Decimal] = {}
    rates: dict[tuple[int, str], Decimal] = {}
    for line in invoice["lines"]:
        found = line_vat(agreement, line, zone)
        if found is None:
            continue
        code = found.vat_account["vatCode"] if found.vat_account else ""
        place = found.account["accountNumber"], code
        revenue[place] = revenue.get(place, Decimal(0)) + line["totalNetAmount"]
        rates[place] = found.rate
    for (account, code), amount in revenue.items():
        if amount:
            yield account, code, amount
    yield from _vat(agreement, Decimal(invoice["vatAmount"]), revenue, rates)


def _vat(
    agreement: Agreement,
    total: Decimal,
    revenue: dict[tuple[int, str], Decimal],
    rates: dict[tuple[int, str], Decimal],
) -> Iterator[tuple[int, str, Decimal]]:
    taxed = [place for place in revenue if rates[place]]
    left = total
    for place in taxed:
        last = place == taxed[-1]
        amount = left if last else rounded(revenue[place] * rates[place] / 100)
        left -= amount
        if amount:
            yield agreement.vat_accounts[place[1]]["account"]["accountNumber"], place[1], amount


def _view(agreement: Agreement, row: Json) -> Json:
    names = ("entryNumber", "amount", "amountInBaseCurrency", "date", "dueDate", "remainder", "voucherNumber", "text")
    view: Json = {name: row[name] for name in names if name in row}
    view |= {
        "accountNumber": row["account"],
        "currency": row["currency"]["code"],
        "entryType": TYPE_WORDS.get(row["entryType"], row["entryType"]),
    }
    if row["customer"] is not None:
        view["customerNumber"] = row["customer"]
    every = agreement.switches.invoice_number_on == "every-line"
    if row["invoice"] is not None and (every or row["customer"] is not None):
        view["customerInvoiceNumber"] = row["invoice"]
    if row["vatCode"]:
        view["vatCode"] = row["vatCode"]
    return view


SERVICE = "/bookedentriesapi/v4.0.0"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=f"{SERVICE}/booked-entries", handler=list_entries, roles=BOOKKEEPING),
    Route(method="GET", path=f"{SERVICE}/booked-entries/matched-pairs", handler=list_pairs, roles=BOOKKEEPING),
    Route(
        method="POST",
        path=f"{SERVICE}/booked-entries/match",
        handler=match,
        roles=BOOKKEEPING,
        fields=frozenset({"entryNumbers"}),
    ),
)
