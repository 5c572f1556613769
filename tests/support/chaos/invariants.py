"""The invariants of a run with real processes: e-conomic compared with the source, and with the store."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from support.chaos.cluster import Cluster
from support.chaos.methods import INVOICE, Method
from support.chaos.outcome import Outcome
from support.chaos.vouchers import knows_of_pdf

from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord
from worker.economic.mapping.voucher_payload import marked
from worker.sandbox.resources.voucher_schema import entries_of
from worker.sandbox.seed import VAT_PAYABLE

State = Mapping[str, Any]
#: The journal that everything goes to unless an export says otherwise.
JOURNAL = 1


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of an invoice in e-conomic."""

    #: Our reference; empty when it carries none.
    reference: str
    #: What the store must know it by.
    number: int | str
    #: Net, VAT, gross.
    sums: tuple[Decimal, ...]
    #: e-conomic's number of the customer who owes it.
    customer: int
    #: SHA-256 of each attached file.
    files: tuple[str, ...] = ()
    #: Whether it is in the books.
    booked: bool = True


def check_invariants(
    running: Cluster, every: Sequence[Invoice], outcome: Outcome, *, wiped: bool, method: Method = INVOICE
) -> None:
    """Note everything that is wrong: each invoice must have ended once, as the method has it."""
    agreement = running.agreement()
    ends: dict[str, list[End]] = defaultdict(list)
    for end in _vouchers(agreement) if method.vouchers else _invoices(agreement):
        ends[end.reference].append(end)
    records = {record.id: record for record in running.records()}
    for each in every:
        ends_of = ends.pop(f"main-{each.invoice_number}", [])
        _check_invoice(each, ends_of, records, outcome, books=method.books)
        outcome.misdirected += [
            f"main-{each.invoice_number} is owed by customer {end.customer}"
            for end in ends_of
            if end.customer not in _debtors(agreement, each)
        ]
    outcome.other += [f"in e-conomic and not ours: {end}" for strangers in ends.values() for end in strangers]
    outcome.other += [f"stray {kind} {number}" for kind in _strays(method) for number in agreement[kind]]
    outcome.other += [f"stray entry {row['entryNumber']}" for row in _stray_entries(agreement, method)]
    outcome.other += _twice(agreement) + _findings(running, wiped=wiped)


def _check_invoice(
    source: Invoice, ends: list[End], records: Mapping[str, InvoiceRecord], outcome: Outcome, *, books: bool
) -> None:
    reference = f"main-{source.invoice_number}"
    if not ends:
        record = records.get(reference)
        outcome.lost.append(f"{reference} is not there: {record and (record.state, record.failure)}")
        return
    if len(ends) > 1:
        outcome.doubled.append(f"{reference} is there {len(ends)} times: {ends}")
    [first, *_] = ends
    if first.sums != (source.net, source.vat, source.gross):
        outcome.unequal.append(f"{reference} has {first.sums}")
    outcome.other += [f"{reference}: {text}" for text in _differences(source, first, records[reference], books=books)]


def _debtors(agreement: State, source: Invoice) -> set[int]:
    """Return the numbers of the customer in e-conomic: by company id, else by the sales ledger number."""
    company = source.customer.corporate_id
    if company is None:
        return {source.customer.ledger_number or 0}
    return {
        customer["customerNumber"]
        for customer in agreement["customers"].values()
        if customer.get("corporateIdentificationNumber") == company
    }


def _differences(source: Invoice, end: End, record: InvoiceRecord, *, books: bool) -> Iterator[str]:
    if end.booked != books:
        yield f"booked is {end.booked}"
    if end.files != ((source.pdf.sha256,) if source.pdf else ()):
        yield f"it has the files {end.files}"
    if source.pdf and not knows_of_pdf(record):
        yield "the store knows of no PDF"
    known = record.progress.booked_number or record.progress.voucher
    if known != end.number:
        yield f"the store says {known}, e-conomic {end.number}"


def _invoices(agreement: State) -> Iterator[End]:
    for booked in agreement["booked"].values():
        sums = tuple(_money(booked[name]) for name in ("netAmount", "vatAmount", "grossAmount"))
        yield End(
            reference=booked["references"]["other"],
            number=booked["bookedInvoiceNumber"],
            customer=booked["customer"]["customerNumber"],
            sums=sums,
        )


def _vouchers(agreement: State) -> Iterator[End]:
    """Yield what stands in journals, then what is booked."""
    for key, voucher in agreement["vouchers"].items():
        entries = entries_of(voucher)
        owed = [entry["amount"] for kind, entry in entries if "ustomer" in kind]
        vat = [entry.get("vatAmount", 0) + entry.get("contraVatAmount", 0) for _, entry in entries]
        [debtor] = {entry["customer"]["customerNumber"] for kind, entry in entries if "ustomer" in kind}
        yield _voucher(agreement, key, entries[0][1], sums=_sums(owed, vat), customer=debtor, booked=False)
    rows: dict[str, list[State]] = defaultdict(list)
    for row in agreement["booked_entries"]:
        rows[f"{JOURNAL}-{row['year']}-{row['voucherNumber']}"].append(row)
    for key, mine in rows.items():
        owed = [row["amount"] for row in mine if row["customer"] is not None]
        vat = [row["amount"] for row in mine if row["account"] == VAT_PAYABLE]
        [debtor] = {row["customer"] for row in mine if row["customer"] is not None}
        yield _voucher(agreement, key, mine[0], sums=_sums(owed, vat), customer=debtor, booked=True)


def _voucher(agreement: State, key: str, entry: State, **known: Any) -> End:
    """``key`` is ``journal-year-number``."""
    files = tuple(file["sha256"] for file in agreement["attachments"].get(key, ()))
    return End(reference=marked(entry.get("text", "")) or "", number=key.partition("-")[2], files=files, **known)


def _sums(owed: Iterable[float], credited: Iterable[float]) -> tuple[Decimal, ...]:
    """Return net, VAT and gross; VAT is credited when the customer is to pay it."""
    gross, vat = sum(map(_money, owed), Decimal(0)), -sum(map(_money, credited), Decimal(0))
    return gross - vat, vat, gross


def _money(amount: float) -> Decimal:
    """What comes as JSON has at most two decimals, and is a float."""
    return Decimal(f"{amount:.2f}")


def _strays(method: Method) -> tuple[str, ...]:
    return ("drafts", "booked") if method.vouchers else ("drafts", "vouchers")


def _stray_entries(agreement: State, method: Method) -> list[State]:
    """What is in the ledger and was posted by no booked invoice, although the method books invoices."""
    posted = "" if method.vouchers else "customerInvoice"
    return [row for row in agreement["booked_entries"] if posted not in {"", row["entryType"]}]


def _twice(agreement: State) -> list[str]:
    companies = [customer.get("corporateIdentificationNumber") or "" for customer in agreement["customers"].values()]
    names = {
        "customer": [company for company in companies if company.startswith("88")],
        "product": [product["name"] for product in agreement["products"].values()],
    }
    return [
        f"{kind} {name} was created {ours.count(name)} times"
        for kind, ours in names.items()
        for name in sorted(set(ours))
        if ours.count(name) > 1
    ]


def _findings(running: Cluster, *, wiped: bool) -> list[str]:
    """After a wipe the first keys are used again, within the hour that e-conomic remembers their bodies."""
    excused = ("PayloadChanged", "URLChanged") if wiped else ()
    findings = running.sandbox("GET", "findings")["findings"]
    return [f"finding: {each}" for each in findings if not any(word in each["what"] for word in excused)]
