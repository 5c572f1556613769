"""What can happen to an invoice in e-conomic behind the program's back, and how a certificate has to name it."""

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from support.reconciled import Reconciled

from worker.domain.certificate import Verdict
from worker.domain.record import Outcome, State
from worker.sandbox.faults import Fault
from worker.sandbox.resources.ledger import add_row, next_voucher
from worker.sandbox.resources.voucher_schema import entries_of
from worker.sandbox.seed import DEBTORS
from worker.sandbox.state import Json

OERE = Decimal("0.01")
#: No customer of the generated periods.
STRANGER = 1058
#: Which call of a certificate meets an outage.
_INVOICE_READS = (
    ("GET /invoices/booked", 1),
    ("GET /bookedentriesapi/*", 1),
    ("GET /bookedentriesapi/*", 2),
    ("GET /customers", 1),
)
_VOUCHER_READS = (
    ("GET /journals/*/vouchers", 1),
    ("GET /journals/*/vouchers", 2),
    ("GET /bookedentriesapi/*", 1),
    ("GET /documentsapi/*", 1),
)


@dataclass(frozen=True, kw_only=True)
class Injection:
    """One thing that happens, and what the certificate has to say of that invoice; all others stay equal."""

    does: Callable[[Reconciled, str], None]
    verdict: Verdict
    #: Fields that must be named; any other named field must be among ``also``.
    fields: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    #: Other invoices may be unread as well: an answer was missing.
    spares: Verdict = Verdict.EQUAL


def _booked(world: Reconciled, key: str) -> Json:
    return world.agreement.booked[world.invoices[key].invoice_number]


def _owing(world: Reconciled, key: str) -> Json:
    return next(row for row in world.rows(key) if row["customer"] is not None)


def _revenue(world: Reconciled, key: str) -> Json:
    rows = [row for row in world.rows(key) if row["customer"] is None and 3000 < row["account"] < 4000]
    return max(rows, key=lambda row: abs(row["amount"]))


def oere(world: Reconciled, key: str) -> None:
    """An øre more is owed and earned."""
    if world.export.method == "invoice":
        booked = _booked(world, key)
        booked["grossAmount"] += OERE
        booked["netAmount"] += OERE
    _owing(world, key)["amount"] += OERE
    _revenue(world, key)["amount"] -= OERE


def ledger_oere(world: Reconciled, key: str) -> None:
    """The ledger has an øre more than the booked invoice."""
    _owing(world, key)["amount"] += OERE
    _revenue(world, key)["amount"] -= OERE


def unbalanced(world: Reconciled, key: str) -> None:
    """The ledger has lost the revenue."""
    world.agreement.booked_entries.remove(_revenue(world, key))


def gone(world: Reconciled, key: str) -> None:
    """It is not there at all."""
    rows = world.rows(key)
    world.agreement.booked.pop(world.invoices[key].invoice_number, None)
    world.agreement.booked_entries = [row for row in world.agreement.booked_entries if row not in rows]


def never_entered(world: Reconciled, key: str) -> None:
    """It was marked as exported by hand, and nobody has entered it."""
    gone(world, key)
    world.records[key] = replace(world.records[key], outcome=Outcome.BY_HAND)


def entered_by_hand(world: Reconciled, key: str) -> None:
    """It was marked as exported by hand, and stands there without a reference."""
    world.records[key] = replace(world.records[key], outcome=Outcome.BY_HAND)
    if world.export.method == "invoice":
        _booked(world, key)["references"] = {}
    for row in world.rows(key):
        row["text"] = "Faktura"


def _copy_rows(world: Reconciled, key: str, **changes: object) -> None:
    voucher = next_voucher(world.agreement)
    for row in world.rows(key):
        add_row(world.agreement, {**row, "voucherNumber": voucher, **changes}, world.call())


def doubled(world: Reconciled, key: str) -> None:
    """It was booked a second time, as another invoice with the same reference, or as another voucher."""
    if world.export.method == "voucher":
        _copy_rows(world, key)
        return
    number = 990_000 + world.invoices[key].invoice_number % 1000
    twin = copy.deepcopy(_booked(world, key)) | {"bookedInvoiceNumber": number, "date": "2026-11-25"}
    world.agreement.booked[number] = twin


def doubled_by_hand(world: Reconciled, key: str) -> None:
    """Somebody entered it in a journal as well, under the same number."""
    number = world.invoices[key].invoice_number
    shared: Json = {
        "year": "2026",
        "voucherNumber": next_voucher(world.agreement),
        "entryType": "manualCustomerInvoices",
        "date": "2026-11-22",
        "text": "indtastet",
        "currency": {"code": "DKK"},
        "invoice": number,
        "amountInBaseCurrency": Decimal(5),
    }
    owing = {"customer": 1001, "account": DEBTORS, "amount": Decimal(5), "remainder": Decimal(5)}
    add_row(world.agreement, shared | owing, world.call())
    add_row(world.agreement, shared | {"invoice": None, "account": 3010, "amount": Decimal(-5)}, world.call())


def paid(world: Reconciled, key: str) -> None:
    """Its customer paid half of it: the payment carries its number."""
    owing = _owing(world, key)
    half = -(owing["amount"] / 2).quantize(OERE)
    shared = {**owing, "voucherNumber": next_voucher(world.agreement), "entryType": "customerPayment"}
    add_row(world.agreement, shared | {"amount": half, "remainder": Decimal(0)}, world.call())
    bank = shared | {"customer": None, "invoice": None, "account": 5820, "amount": -half}
    add_row(world.agreement, bank, world.call())
    owing["remainder"] += half


def _change(world: Reconciled, key: str, name: str, value: object, *, booked: object = None) -> None:
    if world.export.method == "invoice":
        _booked(world, key)[name] = value if booked is None else booked
    for row in world.rows(key):
        if name != "dueDate" or row["customer"] is not None:
            row[name] = value


def later(world: Reconciled, key: str) -> None:
    """Another date."""
    _change(world, key, "date", "2026-11-28")


def earlier(world: Reconciled, key: str) -> None:
    """Another date, before all others."""
    _change(world, key, "date", "2026-10-02")


def due(world: Reconciled, key: str) -> None:
    """Another due date."""
    _change(world, key, "dueDate", "2027-02-01")


def currency(world: Reconciled, key: str) -> None:
    """Another currency."""
    _change(world, key, "currency", {"code": "SEK"}, booked="SEK")


def customer(world: Reconciled, key: str) -> None:
    """Another customer."""
    if world.export.method == "invoice":
        _booked(world, key)["customer"] = {"customerNumber": STRANGER}
    _owing(world, key)["customer"] = STRANGER


def account(world: Reconciled, key: str) -> None:
    """Another account."""
    _revenue(world, key)["account"] = 3090


def vat_code(world: Reconciled, key: str) -> None:
    """Another VAT code on the revenue."""
    _revenue(world, key)["vatCode"] = "UEUY"


def taken(world: Reconciled, key: str) -> None:
    """Another document of somebody else stands under its number."""
    if world.export.method == "invoice":
        _booked(world, key)["references"] = {"other": "webshop-77"}
        return
    gone(world, key)
    world.records[key] = world.records[key].with_progress(voucher=None)
    doubled_by_hand(world, key)


def failed_and_taken(world: Reconciled, key: str) -> None:
    """It failed here, and its number belongs to another document."""
    taken(world, key)
    world.records[key] = replace(world.records[key], state=State.DEAD, outcome=None)


def unexpected(world: Reconciled, key: str) -> None:
    """It failed here, and stands there all the same."""
    world.records[key] = replace(world.records[key], state=State.DEAD, outcome=None)


def text(world: Reconciled, key: str) -> None:
    """Somebody has rewritten the voucher's text."""
    for row in world.rows(key):
        row["text"] = "Fragt november"


def text_and_number(world: Reconciled, key: str) -> None:
    """Somebody has rewritten the text and the invoice number."""
    text(world, key)
    _owing(world, key)["invoice"] = 4_711


def number(world: Reconciled, key: str) -> None:
    """Somebody has corrected the invoice number."""
    _owing(world, key)["invoice"] = 4_711


def lag(world: Reconciled, key: str) -> None:
    """It was exported a moment ago, and the ledger does not show it yet."""
    now = world.harness.clock()
    world.agreement.switches.ledger_lag = 30.0
    for row in world.rows(key):
        world.agreement.born[f"ledger {row['entryNumber']}"] = world.call().now
    world.records[key] = replace(world.records[key], updated_at=now)


def outage(world: Reconciled, key: str) -> None:
    """e-conomic answers 503 somewhere in the middle, from then on."""
    routes = _VOUCHER_READS if world.export.method == "voucher" else _INVOICE_READS
    route, nth = random.Random(f"{key}{world.seed}").choice(routes)
    world.harness.sandbox.server_state.faults.add(Fault(route=route, nth=nth, times=None))


def pdf_deleted(world: Reconciled, key: str) -> None:
    """Somebody has deleted the attached PDF."""
    where = _attachment(world, key)
    del world.agreement.attachments[where]
    del world.agreement.document_numbers[where]


def pdf_replaced(world: Reconciled, key: str) -> None:
    """Somebody has attached another file in its place."""
    world.agreement.document_numbers[_attachment(world, key)] = 99_001


def pdf_added(world: Reconciled, key: str) -> None:
    """Somebody has attached a file beside it."""
    _, year, voucher = _attachment(world, key)
    world.agreement.documents[99_002] = {"year": year, "voucherNumber": voucher, "pages": 1}


def printed_deleted(world: Reconciled, key: str) -> None:
    """Somebody has deleted the PDF of a booked invoice."""
    del world.agreement.documents[_document(world, key)]


def printed_replaced(world: Reconciled, key: str) -> None:
    """Somebody has attached another file in its place."""
    world.agreement.documents[99_001] = world.agreement.documents.pop(_document(world, key))


def printed_added(world: Reconciled, key: str) -> None:
    """Somebody has attached a file beside it."""
    world.agreement.documents[99_002] = dict(world.agreement.documents[_document(world, key)])


def _document(world: Reconciled, key: str) -> int:
    """Return the number of the document on a booked invoice's voucher."""
    owing = _owing(world, key)
    place = (owing["year"], owing["voucherNumber"])
    documents = world.agreement.documents.items()
    return next(number for number, each in documents if (each["year"], each["voucherNumber"]) == place)


def _attachment(world: Reconciled, key: str) -> tuple[int, str, int]:
    voucher = str(world.records[key].progress.voucher)
    return next(where for where in world.agreement.attachments if f"{where[1]}-{where[2]}" == voucher)


def _in_journal(world: Reconciled, key: str) -> tuple[tuple[int, str, int], Json]:
    name = str(world.records[key].progress.voucher)
    return next((where, v) for where, v in world.agreement.vouchers.items() if f"{where[1]}-{where[2]}" == name)


def _entries(world: Reconciled, key: str) -> list[Json]:
    _, voucher = _in_journal(world, key)
    return [entry for _, entry in entries_of(voucher)]


def journal_gone(world: Reconciled, key: str) -> None:
    """Somebody has deleted the voucher from the journal."""
    where, _ = _in_journal(world, key)
    del world.agreement.vouchers[where]


def journal_oere(world: Reconciled, key: str) -> None:
    """Somebody has changed what the customer owes."""
    owing = next(entry for entry in _entries(world, key) if "customer" in entry)
    owing["amount"] += OERE


def journal_text(world: Reconciled, key: str) -> None:
    """Somebody has rewritten the texts."""
    for entry in _entries(world, key):
        entry["text"] = "Fragt november"


def journal_date(world: Reconciled, key: str) -> None:
    """Somebody has moved it to another day."""
    for entry in _entries(world, key):
        entry["date"] = "2026-11-30"


def journal_customer(world: Reconciled, key: str) -> None:
    """Somebody has put it on another customer."""
    owing = next(entry for entry in _entries(world, key) if "customer" in entry)
    owing["customer"] = {"customerNumber": STRANGER}


def journal_moved(world: Reconciled, key: str) -> None:
    """Somebody has moved it to another journal, where it got another number: that is how vouchers are reviewed."""
    where, voucher = _in_journal(world, key)
    moved = (7, where[1], 70_123)
    address = voucher["self"].replace(f"/journals/{where[0]}/", "/journals/7/").replace(str(where[2]), "70123")
    del world.agreement.vouchers[where]
    world.agreement.vouchers[moved] = voucher | {"voucherNumber": 70_123, "self": address}
    world.agreement.born[address] = world.agreement.born[voucher["self"]]
    agreement = world.agreement
    agreement.attachments[moved] = agreement.attachments.pop(where)
    agreement.document_numbers[moved] = agreement.document_numbers.pop(where)


def journal_copied(world: Reconciled, key: str) -> None:
    """Somebody has copied it."""
    where, voucher = _in_journal(world, key)
    address = voucher["self"].replace(str(where[2]), "59123")
    twin = copy.deepcopy(voucher) | {"voucherNumber": 59_123, "self": address}
    world.agreement.vouchers[where[0], where[1], 59_123] = twin
    world.agreement.born[address] = world.agreement.born[voucher["self"]]


def untouched(world: Reconciled, key: str) -> None:
    """Nothing happens."""
    del world, key


def _of(verdict: Verdict, does: Callable[[Reconciled, str], None], *fields: str, also: str = "") -> Injection:
    return Injection(does=does, verdict=verdict, fields=frozenset(fields), also=frozenset(also.split()))


_ANY_ACCOUNT = "account*"
_COMMON = {
    "untouched": _of(Verdict.EQUAL, untouched),
    "paid": _of(Verdict.EQUAL, paid),
    "entered by hand": _of(Verdict.EQUAL, entered_by_hand),
    "missing": _of(Verdict.MISSING, gone),
    "never entered": _of(Verdict.MISSING, never_entered),
    "doubled": _of(Verdict.TWICE, doubled, "stands"),
    "doubled by hand": _of(Verdict.TWICE, doubled_by_hand, "stands"),
    "number taken": _of(Verdict.NUMBER_TAKEN, taken, "stands"),
    "failed, number taken": _of(Verdict.NUMBER_TAKEN, failed_and_taken, "stands"),
    "unexpected": _of(Verdict.UNEXPECTED, unexpected, "stands"),
    "lag": _of(Verdict.UNREAD, lag),
    "outage": replace(_of(Verdict.UNREAD, outage), spares=Verdict.UNREAD),
}
_CHANGED = {
    "øre": (oere, ("net", "gross"), _ANY_ACCOUNT),
    "later": (later, ("date",), ""),
    "earlier": (earlier, ("date",), ""),
    "due date": (due, ("dueDate",), ""),
    "currency": (currency, ("currency",), ""),
    "customer": (customer, ("customer",), ""),
    "account": (account, (), _ANY_ACCOUNT),
    "VAT code": (vat_code, (), _ANY_ACCOUNT),
    "unbalanced": (unbalanced, ("ledger",), ""),
}


def _changed(verdict: Verdict) -> Mapping[str, Injection]:
    return {name: _of(verdict, does, *fields, also=also) for name, (does, fields, also) in _CHANGED.items()}


INVOICE: Mapping[str, Injection] = {
    **_COMMON,
    **_changed(Verdict.DIFFERS),
    "øre in the ledger": _of(Verdict.DIFFERS, ledger_oere, "ledger", also=_ANY_ACCOUNT),
}
#: Booked invoices with their PDFs.
PRINTED: Mapping[str, Injection] = {
    **INVOICE,
    "PDF deleted": _of(Verdict.DIFFERS, printed_deleted, "pdf"),
    "PDF replaced": _of(Verdict.DIFFERS, printed_replaced, "pdf"),
    "PDF added": _of(Verdict.DIFFERS, printed_added, "pdf"),
}
#: Vouchers that stand in a journal.
JOURNAL: Mapping[str, Injection] = {
    "untouched": _of(Verdict.EQUAL, untouched),
    "moved": _of(Verdict.EQUAL, journal_moved),
    "missing": _of(Verdict.MISSING, journal_gone),
    "copied": _of(Verdict.TWICE, journal_copied, "stands"),
    "øre": _of(Verdict.EDITED, journal_oere, "gross", also="net ledger account*"),
    "text": _of(Verdict.EDITED, journal_text, "text"),
    "date": _of(Verdict.EDITED, journal_date, "date"),
    "customer": _of(Verdict.EDITED, journal_customer, "customer"),
    "PDF deleted": _of(Verdict.DIFFERS, pdf_deleted, "pdf"),
    "PDF replaced": _of(Verdict.DIFFERS, pdf_replaced, "pdf"),
    "PDF added": _of(Verdict.DIFFERS, pdf_added, "pdf"),
    "unexpected": _of(Verdict.UNEXPECTED, unexpected, "stands"),
    "outage": replace(_of(Verdict.UNREAD, outage), spares=Verdict.UNREAD),
}
#: Vouchers whose entries are booked.
VOUCHER: Mapping[str, Injection] = {
    **_COMMON,
    **_changed(Verdict.EDITED),
    "text": _of(Verdict.EDITED, text, "text"),
    "text and number": _of(Verdict.EDITED, text_and_number, "text", "number"),
    "number": _of(Verdict.EDITED, number, "number"),
    "PDF deleted": _of(Verdict.DIFFERS, pdf_deleted, "pdf"),
    "PDF replaced": _of(Verdict.DIFFERS, pdf_replaced, "pdf"),
    "PDF added": _of(Verdict.DIFFERS, pdf_added, "pdf"),
}


def apply(injection: Injection, world: Reconciled, key: str) -> list[str]:
    """Do it to one invoice, reconcile, and return what is wrong with the certificate; e-conomic is restored."""
    world.restore()
    injection.does(world, key)
    findings = world.findings()
    wrong = [
        f"{other.id}: {other.verdict} {other.fields}"
        for other in findings.values()
        if other.id != key and other.verdict not in {Verdict.EQUAL, injection.spares}
    ]
    finding = findings[key]
    named = {"account*" if each.field.startswith("account") else each.field for each in finding.fields}
    if finding.verdict is not injection.verdict:
        wrong.append(f"{key}: {finding.verdict} instead of {injection.verdict}: {finding.fields}")
    elif not injection.fields <= named or named - injection.fields - injection.also:
        wrong.append(f"{key}: names {sorted(named)} instead of {sorted(injection.fields)}")
    elif finding.verdict is Verdict.DIFFERS and not finding.fields:
        wrong.append(f"{key}: names no field")
    world.restore()
    return wrong
