"""Causes: what made invoices of one export fail for the same reason at the same value, and what was asked about it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from worker.domain.batch import NewBatch
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


class CausePort(Protocol):
    """What is known of the causes, and when they are to be asked about."""

    def causes(self) -> Sequence[Cause]:
        """Return the causes of all dead letters, the one with the most money at stake first."""

    def cause(self, cause_id: str) -> Cause | None:
        """Return one cause; None when no dead letter has it."""

    def failed_for(self, cause_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        """Return ids of a cause's dead letters and when each died, oldest first; -1: all from ``start`` on."""

    def causes_due(self, exports: Sequence[str]) -> Sequence[str]:
        """Return the exports, among these, of which a cause, or why it is paused, is to be asked now; each once."""

    def end_causes(self, export: str) -> None:
        """Note that what ``causes_due`` named was asked; without it, it is due again after two minutes."""

    def due_causes(self, export: str) -> Sequence[Cause]:
        """Return the causes of an export that are to be asked now."""

    def note_answer(self, cause_id: str, answer: CauseAnswer, *, again_in: float) -> None:
        """Keep an answer, and let the cause be asked by itself after so many seconds, if any invoice still has it.

        One that is still there lets every invoice of it be queued again by itself when it is gone.
        """

    def clear_cause(self, cause_id: str, batch: NewBatch) -> int:
        """Make a running batch of the cause's dead letters; return how many are in it, 0 for none.

        An invoice that a batch of this kind held before is left out until the cause was found to be still there: an
        answer that was wrong once must not send invoices round for ever.
        """

    def pause_probed(self, export: str, *, again_in: float) -> None:
        """Let the question why an export is paused be asked again after so many seconds, also if it is paused anew."""

    def pause_wait(self, export: str) -> float:
        """Return the seconds last passed to ``pause_probed`` since the last resume, an hour ago at most; 0: never."""
