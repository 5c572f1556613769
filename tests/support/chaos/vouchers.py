"""What e-conomic holds of a voucher, read past the client: its entries by their marker, and its PDF."""

from collections.abc import Iterator
from decimal import Decimal

from support.harness import Harness

from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord, State
from worker.economic.mapping.voucher_payload import marked
from worker.sandbox.resources.voucher_schema import entries_of
from worker.sandbox.state import Agreement

_UNKNOWN = "pdf: not attached by this program, as the voucher was booked before"


def ended(harness: Harness, record: InvoiceRecord, invoice: Invoice, *, booked: bool) -> list[str]:
    """Return what is wrong with a voucher that must stand once, equal to the source, with one PDF."""
    agreement = harness.sandbox.agreement
    wrong = [] if record.state is State.EXPORTED else [f"{record.id} is {record.state}: {record.failure}"]
    ends = {key: (True, owed) for key, owed in _booked(agreement, record.id)}
    ends |= {key: (False, owed) for key, owed in _in_journals(agreement, record.id)}
    if [stands for stands, _ in ends.values()] != [booked]:
        return [*wrong, f"{record.id} stands {len(ends)} times: {ends}"]
    [(key, (_, owed))] = ends.items()
    if owed != invoice.gross:
        wrong.append(f"{record.id}: the customer owes {owed} instead of {invoice.gross}")
    standing = [voucher for voucher in agreement.vouchers.values() if entries_of(voucher)]
    if len(standing) + len({(row["year"], row["voucherNumber"]) for row in agreement.booked_entries}) != 1:
        wrong.append("there are vouchers that are not ours")
    if record.progress.voucher != f"{key[0]}-{key[1]}":
        wrong.append(f"{record.id}: the store says {record.progress.voucher}, e-conomic {key}")
    return wrong + _paper(agreement, harness, record)


def _paper(agreement: Agreement, harness: Harness, record: InvoiceRecord) -> list[str]:
    files = [file for attached in agreement.attachments.values() for file in attached]
    printed = list(harness.pdf_fixtures.files.values())
    wrong = [] if files == printed else [f"{record.id} has {len(files)} PDFs instead of {len(printed)}"]
    return wrong if knows_of_pdf(record) else [*wrong, f"{record.id}: the store knows of no PDF"]


def knows_of_pdf(record: InvoiceRecord) -> bool:
    """Nobody can read the attachment of a booked voucher: a store that has forgotten it must say so."""
    return record.progress.attached or any(remark.startswith(_UNKNOWN) for remark in record.progress.remarks)


def _in_journals(agreement: Agreement, reference: str) -> Iterator[tuple[tuple[str, int], Decimal]]:
    for (_, year, number), voucher in agreement.vouchers.items():
        entries = [(kind, entry) for kind, entry in entries_of(voucher) if marked(entry.get("text", "")) == reference]
        if entries:
            yield (year, number), sum((entry["amount"] for kind, entry in entries if "ustomer" in kind), Decimal(0))


def _booked(agreement: Agreement, reference: str) -> Iterator[tuple[tuple[str, int], Decimal]]:
    rows = [row for row in agreement.booked_entries if marked(row.get("text", "")) == reference]
    for key in {(row["year"], row["voucherNumber"]) for row in rows}:
        mine = [row for row in rows if (row["year"], row["voucherNumber"]) == key and row["customer"] is not None]
        yield key, sum((row["amount"] for row in mine), Decimal(0))
