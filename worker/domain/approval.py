"""Four eyes: what waits for a second person's yes, and the rule that says what has to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from worker.domain.invoice import Invoice
from worker.domain.money import ZERO

#: The action of a request that is about a plan.
PUBLISH = "publish"


class ApprovalState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    #: A second person said yes, and it has not been carried out yet.
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"
    #: Nobody has decided in time: nothing is done.
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewApproval:
    """What one person asks for, as a second one is shown it."""

    id: str
    export: str
    #: What is to be done, as ``worker.domain.access.Action`` names it; ``PUBLISH`` for a plan.
    action: str
    #: What it is about: a cause and its value, or a plan's name.
    subject: str
    by: str
    why: str = ""
    #: Currency -> gross of the frozen set.
    at_stake: Mapping[str, Decimal] = field(default_factory=dict)
    #: How many invoices are in the frozen set.
    invoices: int
    #: The frozen set as ``FrozenSetPort`` knows it, and the name of exactly what is in it; empty: a plan, or a period.
    frozen: str = ""
    digest: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A person's yes or no."""

    yes: bool
    by: str
    why: str
    #: Seconds since the epoch, UTC; set by the store.
    at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A request and what became of it."""

    asked: NewApproval
    state: ApprovalState
    #: Seconds since the epoch, UTC.
    asked_at: float
    expires_at: float
    decision: Decision | None = None
    #: When it was carried out; 0: it was not.
    done_at: float = 0.0


class NotDecided(StrEnum):
    """Why a yes or no does not count."""

    UNKNOWN = "unknown"
    #: Nobody says yes to what they ask for themselves.
    OWN = "own"
    #: Somebody was first, or it came too late.
    OVER = "over"


class ApprovalPort(Protocol):
    """Requests for a second person's yes, kept for good."""

    def ask_approval(self, new: NewApproval, *, seconds: float) -> None:
        """Keep a request; it expires after so many seconds. A repeat with its id changes nothing."""

    def decide(self, approval_id: str, decision: Decision) -> NotDecided | None:
        """Keep a decision; None when it counts. The first one does, unless it is a yes of the person who asks."""

    def mark_done(self, approval_id: str) -> None:
        """Note that what was approved has been carried out; later notes change nothing."""

    def approvals(self, *, most: int = 100) -> Sequence[Approval]:
        """Return the requests, newest first."""

    def approval(self, approval_id: str) -> Approval | None:
        """Return one request."""


def money_of(contents: Iterable[str]) -> Mapping[str, Decimal]:
    """Return currency -> gross of invoices (as they are kept), credit notes counted by their size."""
    sums: dict[str, Decimal] = {}
    for content in contents:
        invoice = Invoice.model_validate_json(content)
        sums[invoice.currency] = sums.get(invoice.currency, ZERO) + abs(invoice.gross)
    return sums


def needs_approval(limits: Mapping[str, Decimal], at_stake: Mapping[str, Decimal]) -> bool:
    """Tell whether so much money needs a second person: more than the limit of its currency, where there are limits.

    A currency without a limit of its own cannot be compared with one, so that it always needs a second person.
    """
    return bool(limits) and any(
        currency not in limits or amount > limits[currency] for currency, amount in at_stake.items()
    )


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one person's; case and spaces make nobody a second person."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
