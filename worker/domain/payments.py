"""Payments back to Opter: what has been settled of each exported invoice since it was last told, each payment once.

A payment that carries the invoice's number is told by itself, whole, so that an overpayment shows as one. What was
settled otherwise (matched with a payment that carries no number, or with a credit note) is told as the change of what
is left to pay. A change backwards is told with its sign turned.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from worker.domain.money import ZERO


class PaymentKind(StrEnum):
    """How an amount was settled."""

    #: An entry of a payment that carries the invoice's number.
    PAYMENT = "payment"
    #: Matched with something that does not carry the number.
    MATCHED = "matched"
    #: Settled by our own credit note that names the invoice.
    CREDIT = "credit"


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidEntry:
    """One entry of a payment in the ledger."""

    number: int
    #: What it pays; a reversal is negative.
    amount: Decimal
    #: How much of it is matched with the invoice.
    matched: Decimal
    date: str
    #: Per 100 units in the base currency; None: in the base currency.
    rate: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What the ledger says of one exported invoice now."""

    id: str
    invoice_number: int
    region: str | None
    currency: str
    customer: int
    gross: Decimal
    #: What is left to pay.
    remainder: Decimal
    entries: tuple[PaidEntry, ...] = ()
    #: What our credit notes that name it have settled of it.
    credited: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What Opter was told of one invoice."""

    #: Numbers of the payments' entries.
    entries: tuple[int, ...] = ()
    #: Settled without an entry of its own, so far.
    matched: Decimal = ZERO
    credited: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """One record for Opter."""

    #: Unique and the same for ever: an importer can tell a repeat by it.
    payment_id: str
    kind: PaymentKind
    id: str
    invoice_number: int
    region: str | None
    customer: int
    amount: Decimal
    currency: str
    #: ISO 8601.
    date: str
    rate: Decimal | None
    #: What is left to pay after it; negative is overpaid.
    remainder: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRun:
    """What one run tells, kept before it is handed over so that it can be handed over again."""

    export: str
    number: int
    at: str
    payments: tuple[Payment, ...]
    #: ``pending``: to be handed over; ``staged``: its file is written beside its place; ``delivered``.
    phase: str = "pending"


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What a run goes by."""

    #: Number of the run, part of the ids of what has no entry of its own.
    run: int
    #: Date of what has none of its own; ISO 8601.
    day: str
    #: Whether what our own credit notes settled is told too; Opter knows it.
    credit_notes: bool = False


def new_payments(now: Settled, told: Told, telling: Telling) -> tuple[tuple[Payment, ...], Told]:
    """Return what is to be told of an invoice, and what Opter has been told then."""
    paid_by_entries = sum((entry.matched for entry in now.entries), ZERO)
    matched = now.gross - now.remainder - paid_by_entries - now.credited
    payments: list[Payment] = [
        _payment(now, PaymentKind.PAYMENT, f"{now.id}-e{entry.number}", entry.amount, entry.date, entry.rate)
        for entry in now.entries
        if entry.number not in told.entries
    ]
    if matched != told.matched:
        key, change = f"{now.id}-m{telling.run}", matched - told.matched
        payments.append(_payment(now, PaymentKind.MATCHED, key, change, telling.day, None))
    if now.credited != told.credited and telling.credit_notes:
        key, change = f"{now.id}-c{telling.run}", now.credited - told.credited
        payments.append(_payment(now, PaymentKind.CREDIT, key, change, telling.day, None))
    entries = tuple(sorted({*told.entries, *(entry.number for entry in now.entries)}))
    return tuple(payments), Told(entries=entries, matched=matched, credited=now.credited)


def _payment(  # noqa: PLR0913, PLR0917  # what differs between the kinds
    now: Settled, kind: PaymentKind, key: str, amount: Decimal, day: str, rate: Decimal | None
) -> Payment:
    return Payment(
        payment_id=key,
        kind=kind,
        id=now.id,
        invoice_number=now.invoice_number,
        region=now.region,
        customer=now.customer,
        amount=amount,
        currency=now.currency,
        date=day,
        rate=rate,
        remainder=now.remainder,
    )


def collect(
    settled: Iterable[Settled], told: Mapping[str, Told], telling: Telling
) -> tuple[tuple[Payment, ...], Mapping[str, Told]]:
    """Return what is to be told of all of these, and what has changed of what Opter has been told."""
    payments: list[Payment] = []
    changed: dict[str, Told] = {}
    for each in settled:
        before = told.get(each.id, Told())
        new, after = new_payments(each, before, telling)
        payments += new
        if after != before:
            changed[each.id] = after
    payments.sort(key=lambda payment: (payment.date, payment.invoice_number, payment.payment_id))
    return tuple(payments), changed


def totals(payments: Sequence[Payment]) -> Iterator[tuple[str, int, Decimal]]:
    """Yield currency, number of payments and their sum."""
    for currency in sorted({payment.currency for payment in payments}):
        mine = [payment for payment in payments if payment.currency == currency]
        yield currency, len(mine), sum((payment.amount for payment in mine), ZERO)
