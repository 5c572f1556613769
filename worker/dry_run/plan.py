"""How long an export takes at best: calls, what they cost, and how fast the agreement may be called."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from config.exports import Limits
from worker.domain.record import State
from worker.errors import Failure

#: Stands in a planned request for a draft's, voucher's or entry's number, which e-conomic gives when it is created.
ASSIGNED_LATER = 0


class PlannedAction(StrEnum):
    """What an export that began now would make of an invoice."""

    #: Posted: its requests are sent.
    POST = "post"
    #: In e-conomic already: recognised and taken over, never posted again.
    ADOPT = "adopt"
    #: Exported according to the ledger.
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

    #: The reference of ``worker.domain.identity``.
    id: str
    invoice_number: int
    #: See ``Invoice.content``.
    content_hash: str
    action: PlannedAction
    #: What the source says; None when its record cannot be read.
    source: Amounts | None
    #: Where the ledger has it; None: it does not know it yet.
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

    #: The period's reference.
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
    #: The preflight's one message; empty when nothing is wrong.
    notice: str
    cost: Cost
    #: See ``worker.dry_run.preconditions``.
    ground: Mapping[str, str]
    #: See ``worker.dry_run.preconditions``.
    set_up: Mapping[str, str]

    @property
    def actions(self) -> Mapping[PlannedAction, int]:
        """Number of invoices by what becomes of them."""
        return Counter(one.action for one in self.invoices)

    @property
    def failing(self) -> tuple[PlannedInvoice, ...]:
        """The invoices that would become dead letters."""
        return tuple(one for one in self.invoices if one.action is PlannedAction.FAIL)


def added(amounts: Sequence[Amounts]) -> tuple[Amounts, ...]:
    """Return the sums of each currency."""
    return tuple(
        Amounts(
            currency=currency,
            net=sum((one.net for one in amounts if one.currency == currency), Decimal("0.00")),
            vat=sum((one.vat for one in amounts if one.currency == currency), Decimal("0.00")),
            gross=sum((one.gross for one in amounts if one.currency == currency), Decimal("0.00")),
        )
        for currency in sorted({one.currency for one in amounts})
    )


#: Tokens of a call: a page of a listing was measured at 3; what writes cost is not documented, so the estimate is high.
READ_TOKENS, WRITE_TOKENS = 3.0, 10.0


def cost(reads: int, writes: int, limits: Limits) -> Cost:
    """Return what so many calls take when nothing but the agreement's rate holds them up."""
    tokens = reads * READ_TOKENS + writes * WRITE_TOKENS
    return Cost(
        reads=reads,
        writes=writes,
        minutes=tokens / (limits.tokens_per_minute * limits.share),
        days=(reads + writes) / limits.calls_per_day,
    )
