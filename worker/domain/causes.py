"""Causes: what made invoices of one export fail for the same reason at the same value, and what was asked about it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from worker.errors import Failure

#: Seconds for which an answer that a cause is gone lets its invoices be queued again without a reason.
ANSWER_HOLDS = 600.0


def cause_id(export: str, failure: Failure) -> str:
    """Return the id of a failure's cause; ``lua/common.lua`` makes the same one."""
    parts = (export, failure.reason, failure.field, failure.value)
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()[:16]


class CauseState(StrEnum):
    """What the accounting system last answered about a cause."""

    GONE = "gone"
    STILL = "still"
    #: It did not answer, or nothing but an export would show it.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseAnswer:
    """One answer about a cause."""

    state: CauseState
    #: When it was asked; seconds since the epoch, UTC.
    at: float
    #: What was found, or why nothing could be told, in plain words.
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What keeps some invoices of one export from being exported."""

    id: str
    export: str
    #: That of the first invoice that failed for it.
    failure: Failure
    #: How many failed for it and have not been dealt with.
    invoices: int
    #: Currency -> gross of these invoices, credit notes counted by their size.
    at_stake: Mapping[str, Decimal] = field(default_factory=dict)
    #: When the first and the last of them failed; seconds since the epoch, UTC.
    oldest: float = 0.0
    newest: float = 0.0
    answer: CauseAnswer | None = None
    #: Seconds between the last two times that it was to be asked by itself; 0: it was not asked yet.
    pause: float = 0.0

    def gone(self, now: float) -> bool:
        """Tell whether it was found gone just now, and nothing has failed for it since."""
        answer = self.answer
        if answer is None or answer.state is not CauseState.GONE:
            return False
        return self.newest <= answer.at and now - answer.at <= ANSWER_HOLDS
