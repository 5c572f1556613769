"""Payments back to Opter: what has been settled of each exported invoice since it was last reported, each payment once.

A payment that carries the invoice's number is reported by itself, whole, so that an overpayment shows as one. What was
settled otherwise (matched with a payment that carries no number, or with a credit note) is reported as the change of
what is left to pay. A change backwards is reported with its sign turned.
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
class ReportedPayments:
    """What was reported to Opter of one invoice."""

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
class RunRules:
    """What a run goes by."""

    #: Number of the run, part of the ids of what has no entry of its own.
    run: int
    #: Date of what has none of its own; ISO 8601.
    day: str
    #: Whether what our own credit notes settled is reported too; Opter knows it.
    credit_notes: bool = False


def new_payments(
    now: Settled, reported: ReportedPayments, rules: RunRules
) -> tuple[tuple[Payment, ...], ReportedPayments]:
    """Return what is to be reported of an invoice, and what has been reported to Opter then."""
    paid_by_entries = sum((entry.matched for entry in now.entries), ZERO)
    matched = now.gross - now.remainder - paid_by_entries - now.credited
    payments: list[Payment] = [
        _payment(now, PaymentKind.PAYMENT, f"{now.id}-e{entry.number}", entry.amount, entry.date, entry.rate)
        for entry in now.entries
        if entry.number not in reported.entries
    ]
    if matched != reported.matched:
        key, change = f"{now.id}-m{rules.run}", matched - reported.matched
        payments.append(_payment(now, PaymentKind.MATCHED, key, change, rules.day, None))
    if now.credited != reported.credited and rules.credit_notes:
        key, change = f"{now.id}-c{rules.run}", now.credited - reported.credited
        payments.append(_payment(now, PaymentKind.CREDIT, key, change, rules.day, None))
    entries = tuple(sorted({*reported.entries, *(entry.number for entry in now.entries)}))
    return tuple(payments), ReportedPayments(entries=entries, matched=matched, credited=now.credited)


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
    settled: Iterable[Settled], reported: Mapping[str, ReportedPayments], rules: RunRules
) -> tuple[tuple[Payment, ...], Mapping[str, ReportedPayments]]:
    """Return what is to be reported of all of these, and what has changed of what has been reported to Opter."""
    payments: list[Payment] = []
    changed: dict[str, ReportedPayments] = {}
    for each in settled:
        before = reported.get(each.id, ReportedPayments())
        new, after = new_payments(each, before, rules)
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
