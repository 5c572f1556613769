"""The plan of an export as values: what becomes of each invoice, what is created, and what it costs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from config.export_schema import Limits
from worker.domain.money import ZERO
from worker.domain.record import State
from worker.errors import Failure

#: Stands in a planned request for a draft's, voucher's or entry's number, which e-conomic gives when it is created.
ASSIGNED_LATER = 0


class PlannedAction(StrEnum):
    """What an export that began now would do with an invoice."""

    #: Posted: its requests are sent.
    POST = "post"
    #: In e-conomic already: recognised and taken over, never posted again.
    ADOPT = "adopt"
    #: Exported according to the store.
    DONE = "done"
    #: Waits for something: its date's books, or the invoice that it credits.
    HOLD = "hold"
    #: Left out on purpose, as the exports file says.
    LEAVE_OUT = "leave-out"
    #: Becomes a dead letter.
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One write as it would be sent."""

    #: ``Step`` of an invoice, or ``customer`` / ``product``.
    step: str
    method: str
    path: str
    #: Canonical JSON; of an upload the file's SHA-256.
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """Money in one currency."""

    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class VatLine:
    """Where a line's revenue goes, and with which VAT."""

    line: int
    #: e-conomic's account number.
    account: int
    #: e-conomic's VAT code; None: the account carries none.
    code: str | None
    #: Percent.
    rate: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictedAmounts:
    """What e-conomic is expected to compute from a request."""

    amounts: Amounts
    vat: tuple[VatLine, ...] = ()
    #: Whether the amounts hold however e-conomic rounds VAT, per line or per invoice, which it does not document.
    certain: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedInvoice:
    """One invoice of a plan."""

    #: Its id (``worker.domain.identity``), which is its document reference in e-conomic too.
    id: str
    invoice_number: int
    #: See ``Invoice.content``.
    content_hash: str
    action: PlannedAction
    #: What the source says; None when its record cannot be read.
    source: Amounts | None
    #: Its state in the store; None: the store does not know it yet.
    state: State | None = None
    #: Everything that is wrong with it, each thing once.
    problems: tuple[Failure, ...] = ()
    requests: tuple[Request, ...] = ()
    predicted: PredictedAmounts | None = None
    #: What would be done differently from the source.
    remarks: tuple[str, ...] = ()
    #: What of it is in e-conomic, in words; empty for nothing.
    found: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Created:
    """A customer or product that would be created, once, however many invoices need it."""

    request: Request
    #: Its number; below zero where e-conomic gives it, and then the same in every request that names it.
    number: str
    #: The first invoice that needs it.
    needed_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What the export of the plan takes."""

    #: Calls to e-conomic, about.
    reads: int
    #: Calls to e-conomic, exactly.
    writes: int
    #: Minutes at least, at the rate that the export's ``limits`` allow.
    minutes: float
    #: Days at least, when the calls are more than ``limits.calls_per_day``; else below 1.
    days: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A dry run of a period, or of single invoices."""

    #: The period's id.
    period: str
    export: str
    #: ``invoice`` or ``voucher``.
    method: str
    agreement: int
    #: By invoice number.
    invoices: tuple[PlannedInvoice, ...]
    customers: tuple[Created, ...]
    products: tuple[Created, ...]
    #: Customers that exist and would be written with Opter's newer data, each once.
    updates: tuple[Request, ...]
    #: The message of the period check; empty when nothing is wrong.
    notice: str
    cost: Cost
    #: What the invoices need in e-conomic, by name; None: missing. See ``worker.dry_run.preconditions``.
    preconditions: Mapping[str, Any]
    #: The export's entry in the exports file, without its tokens. See ``worker.dry_run.preconditions``.
    set_up: Mapping[str, Any]

    @property
    def actions(self) -> Mapping[PlannedAction, int]:
        """Number of invoices by what becomes of them."""
        return Counter(invoice.action for invoice in self.invoices)

    @property
    def failing(self) -> tuple[PlannedInvoice, ...]:
        """The invoices that would become dead letters."""
        return tuple(invoice for invoice in self.invoices if invoice.action is PlannedAction.FAIL)


def sums(amounts: Sequence[Amounts]) -> tuple[Amounts, ...]:
    """Return the sum for each currency."""
    by_currency: dict[str, list[Amounts]] = {}
    for amount in amounts:
        by_currency.setdefault(amount.currency, []).append(amount)
    return tuple(
        Amounts(
            currency=currency,
            net=sum((amount.net for amount in same), ZERO),
            vat=sum((amount.vat for amount in same), ZERO),
            gross=sum((amount.gross for amount in same), ZERO),
        )
        for currency, same in sorted(by_currency.items())
    )


#: Rate tokens per call: a page of a listing was measured at 3; the price of a write is not documented, so this is high.
READ_TOKENS, WRITE_TOKENS = 3.0, 10.0


def cost(reads: int, writes: int, limits: Limits) -> Cost:
    """Return what this many calls take when only the agreement's rate limits them."""
    tokens = reads * READ_TOKENS + writes * WRITE_TOKENS
    return Cost(
        reads=reads,
        writes=writes,
        minutes=tokens / (limits.tokens_per_minute * limits.share),
        days=(reads + writes) / limits.calls_per_day,
    )
