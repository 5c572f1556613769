"""The move of completed periods into the archive: written there, read back, and only then dropped from the store.

Killed between any two steps it loses nothing and leaves nothing twice: an entry that is in the archive already keeps
its place, and an invoice leaves the store in one step of a script, if it is still what was written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from worker.domain.archive import ArchiveWriting, LivePeriods
from worker.domain.invoice_period import PeriodRecord, PeriodState
from worker.domain.record import State

log = structlog.get_logger()

#: Seconds after which a period that could not be moved is looked at again.
_LATER = 3600.0
#: Entries of the log of actions moved at once.
_ACTIONS = 500
_DAY = 86_400.0
#: Seconds after which a period that never moves is looked at again: somebody may have set that it does.
_WEEK = 7 * _DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveRules:
    """Ages in seconds, from a period's equal certificate on."""

    #: When its records are written short.
    shorten_after: float = _DAY
    #: When it moves into the archive; 0: never.
    archive_after: float
    #: Invoices written, read back and dropped at once: one commit each.
    chunk: int = 100
    #: Invoices moved in one turn, so that a turn stays short.
    most: int = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one look at a period did, and when to look again; ``again`` None: after its next certificate."""

    again: float | None
    shortened: int = 0
    archived: int = 0
    #: The period has left the store.
    whole: bool = False


def ended_at(period: PeriodRecord) -> float | None:
    """Return when a period's equal certificate was read; None while anything of it may still happen."""
    kept = period.certificate
    exported = set(period.counts) <= {State.EXPORTED}
    if period.state is not PeriodState.CHECKED or not exported or period.missing or period.conflicts:
        return None
    if kept is None or not kept.complete or kept.open_differences:
        return None
    return datetime.fromisoformat(kept.at).timestamp()


@dataclass(frozen=True, kw_only=True, slots=True)
class Mover:
    """Makes completed periods short, then moves them; any number may run beside each other."""

    store: LivePeriods
    archive: ArchiveWriting
    #: Reads a period of the store.
    period: Callable[[str], PeriodRecord | None]
    #: Returns what the pages of a period need, to be kept with it.
    summary: Callable[[str], Mapping[str, Any]]
    rules: ArchiveRules
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]

    def turn(self, period_id: str) -> Turn:
        """Look at a period, do what is due, and say when it is to be looked at again.

        Raises ``StoreUnavailable`` and ``ArchiveUnavailable``: then it is looked at again by itself.
        """
        period = self.period(period_id)
        ended = ended_at(period) if period else None
        done = Turn(again=None) if ended is None else self._due(period_id, ended)
        if not done.whole:
            self.store.look_again(period_id, done.again)
        return done

    def actions(self) -> int:
        """Move the log's entries that are as old as archived periods; return how many."""
        if not self.rules.archive_after:
            return 0
        moved = 0
        while True:
            first, old = self.store.old_actions(self.clock() - self.rules.archive_after, _ACTIONS)
            if not old:
                return moved
            self.archive.create()
            self.archive.append(old)
            if not self.store.archive_actions(first, old):
                return moved
            moved += len(old)

    def _due(self, period_id: str, ended: float) -> Turn:
        now, rules = self.clock(), self.rules
        moves = ended + rules.archive_after if rules.archive_after else None
        if moves is not None and now >= moves:
            return self._move(period_id)
        if now < ended + rules.shorten_after:
            return Turn(again=min(ended + rules.shorten_after, moves or float("inf")))
        return Turn(again=moves or now + _WEEK, shortened=self.store.shorten(period_id))

    def _move(self, period_id: str) -> Turn:
        self.archive.create()
        self.store.synchronise()
        moved = 0
        while read := self.store.finished_invoices(period_id, self.rules.chunk):
            if moved >= self.rules.most:
                return Turn(again=self.clock(), archived=moved)
            leaves = self.archive.append([invoice.entry for invoice in read])
            kept = {invoice.entry.key: leaf for invoice, leaf in zip(read, leaves, strict=True)}
            if not self.store.archive_invoices(period_id, kept, read):
                log.info("period_goes_on", period=period_id, archived=moved)
                return Turn(again=self.clock() + _LATER, archived=moved)
            moved += len(read)
        whole = self._close(period_id)
        self.store.synchronise()
        return Turn(again=None if whole else self.clock() + _LATER, archived=moved, whole=whole)

    def _close(self, period_id: str) -> bool:
        period = self.store.period_entries(period_id, self.summary(period_id))
        if period is None:
            return True
        *_, leaf = self.archive.append([*period.beside, period.entry])
        return self.store.archive_period(period, leaf)
