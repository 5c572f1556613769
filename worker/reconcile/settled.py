"""What has been settled of exported invoices, read from the ledger: remainders, payments, and our own credit notes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.domain.payments import PaidEntry, Settled
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.economic.ledger import LedgerReader
from worker.economic.mapping.ledger import LedgerEntry

_RATE_STEP = Decimal("0.000001")
_POSTED = (Outcome.BOOKED, Outcome.VOUCHER, Outcome.BY_HAND)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettledReading:
    """What one reading of an export's invoices came to."""

    settled: tuple[Settled, ...]
    #: Ids of invoices of which nothing is reported: the ledger has no single entry of them with Opter's amount.
    unclear: tuple[str, ...]


def read_settled(
    records: Sequence[InvoiceRecord],
    invoices: Mapping[str, Invoice],
    export: ExportConfig,
    ledger: LedgerReader,
    *,
    base_currency: str,
) -> SettledReading:
    """Read what is settled of these invoices. Raises what reading raises: half of a reading is none."""
    posted = [record for record in records if record.state is State.EXPORTED and record.outcome in _POSTED]
    numbers = {record.progress.booked_number or record.invoice_number: record for record in posted}
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for _, part in ledger.by_invoice_number(sorted(numbers)):
        for entry in part:
            if entry.customer is not None and entry.invoice_number is not None:
                entries[entry.invoice_number].append(entry)
    settled: dict[str, Settled] = {}
    unclear: list[str] = []
    for number, record in numbers.items():
        one = _settled(record, invoices[record.id], entries.get(number, []), export, base_currency)
        if one is None:
            unclear.append(record.id)
        else:
            settled[record.id] = one
    return SettledReading(settled=tuple(_with_credits(settled, invoices)), unclear=tuple(unclear))


def _settled(
    record: InvoiceRecord, invoice: Invoice, entries: Sequence[LedgerEntry], export: ExportConfig, base_currency: str
) -> Settled | None:
    words = [word.casefold() for word in export.reconcile.payment_words]
    payments = [entry for entry in entries if any(word in entry.kind.casefold() for word in words)]
    owing = [entry for entry in entries if entry not in payments]
    gross = sum((entry.amount for entry in owing), ZERO)
    complete = all(entry.remainder is not None for entry in owing)
    same = gross == invoice.gross and {entry.currency for entry in entries} <= {invoice.currency}
    if not owing or not complete or not same:
        return None
    return Settled(
        id=record.id,
        invoice_number=record.invoice_number,
        region=record.region,
        currency=invoice.currency,
        customer=owing[0].customer or 0,
        gross=gross,
        remainder=sum((entry.remainder or ZERO for entry in owing), ZERO),
        entries=tuple(_paid(entry, foreign=invoice.currency != base_currency) for entry in payments),
    )


def _paid(entry: LedgerEntry, *, foreign: bool) -> PaidEntry:
    rate = None
    if foreign and entry.base_amount is not None and entry.amount:
        rate = (entry.base_amount / entry.amount * 100).quantize(_RATE_STEP, rounding=ROUND_HALF_UP)
    return PaidEntry(
        number=entry.number,
        amount=-entry.amount,
        matched=-(entry.amount - (entry.remainder or ZERO)),
        date=entry.date,
        rate=rate,
    )


def _with_credits(settled: Mapping[str, Settled], invoices: Mapping[str, Invoice]) -> Iterator[Settled]:
    """Yield each with what our credit notes that name it have settled of it, as far as nothing else has."""
    by_number: dict[tuple[str | None, int], list[Decimal]] = defaultdict(list)
    for each in settled.values():
        named = invoices[each.id].credits_invoice_number
        if named is not None and each.gross < ZERO:
            by_number[each.region, named].append(each.remainder - each.gross)
    for each in settled.values():
        left = each.gross - each.remainder - sum((entry.matched for entry in each.entries), ZERO)
        if each.gross < ZERO and invoices[each.id].credits_invoice_number is not None:
            yield replace(each, credited=left)  # the other side of the same settlement
        else:
            credited = sum(by_number.get((each.region, each.invoice_number), []), ZERO)
            yield replace(each, credited=min(credited, max(left, ZERO)))
