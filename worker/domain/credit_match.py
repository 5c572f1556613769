"""A credit note matched with the invoice that it names: when both are open and cancel each other out."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from worker.domain.money import ZERO


class MatchState(StrEnum):
    """How far the matching has come."""

    #: About to be sent, or sent without a known outcome.
    INTENDED = "intended"
    MATCHED = "matched"
    #: Left to a person; the detail says why.
    LEFT = "left"


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditMatch:
    """What the record of a credit note knows of its matching."""

    state: MatchState
    #: ``Idempotency-Key`` of the request.
    key: str = ""
    #: When the request was first about to be sent; seconds since the epoch, UTC.
    at: float = 0.0
    #: Rises when a new request is allowed.
    generation: int = 0
    #: Why it is left to a person, or what refused it.
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenEntry:
    """A customer's entry in the ledger, as far as matching is concerned."""

    number: int
    customer: int
    currency: str
    amount: Decimal
    remainder: Decimal


#: A refused request is not sent again: its detail begins so.
REFUSED = "refused: "


class MatchStep(StrEnum):
    """What is to be done."""

    NOTHING = "nothing"
    #: The ledger shows it settled, and the record does not know yet.
    ADOPT = "adopt"
    #: Send a new request; its intent is saved first.
    SEND = "send"
    #: Send the same request under the same key.
    REPEAT = "repeat"
    #: It is a person's: the two do not cancel each other out.
    LEAVE = "leave"


def next_match_step(
    known: CreditMatch | None, credit: OpenEntry, original: OpenEntry, *, now: float, key_memory: float
) -> tuple[MatchStep, str]:
    """Return what to do with a credit note and why, given how a reading that began after the intent shows both."""
    if credit.remainder == ZERO:
        ours = known is not None and known.state is MatchState.INTENDED
        return (MatchStep.ADOPT, "") if ours else (MatchStep.NOTHING, "")
    if known is not None and known.detail.startswith(REFUSED):
        return MatchStep.NOTHING, ""
    why = _left(credit, original)
    if why:
        return (MatchStep.NOTHING if known and known.detail == why else MatchStep.LEAVE), why
    if known is None or known.state is not MatchState.INTENDED:
        return MatchStep.SEND, ""
    return (MatchStep.REPEAT if now - known.at < key_memory else MatchStep.SEND), ""


def _left(credit: OpenEntry, original: OpenEntry) -> str:
    if (credit.customer, credit.currency) != (original.customer, original.currency):
        return "the credit note and its invoice stand on different customers or in different currencies"
    if credit.remainder > ZERO or original.remainder < ZERO:
        return "one of the two is open with the wrong sign"
    if original.remainder == ZERO:
        return "the invoice is settled already"
    open_credit = -credit.remainder
    if open_credit > original.remainder:
        return f"over-credit: {open_credit} is credited, {original.remainder} is open on the invoice"
    if open_credit < original.remainder:
        return f"partial credit: {open_credit} is credited, {original.remainder} is open on the invoice"
    return ""
