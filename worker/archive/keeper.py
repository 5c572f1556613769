"""The archive kept up by itself: what is due moves, texts whose time is over go, and checkpoints say how it stood."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from config.settings_sections import Archive as ArchiveSettings
from worker.archive.checkpoints import Checkpoint, CheckpointFile
from worker.archive.database import unavailable
from worker.archive.log import Archive
from worker.archive.mover import Mover, Turn
from worker.archive.retention import first_kept
from worker.domain.archive import ArchiveHead
from worker.errors import ArchiveUnavailable

log = structlog.get_logger()

#: Seconds for which a period belongs to the worker that looks at it: longer than a turn takes.
_LEASE = 900.0
#: Seconds until what an older version took in is looked at: by then none of its processes runs beside this one.
_FIRST = 86_400.0
#: Seconds between two looks whether something is due.
_LOOK_EVERY = 10.0
#: Texts that are deleted in one turn.
_MOST_DELETED = 5000


@dataclass(kw_only=True, slots=True)
class Keeper:
    """Looks after the archive of one installation; any number may run beside each other."""

    mover: Mover
    archive: Archive
    checkpoints: CheckpointFile
    settings: ArchiveSettings
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Hands a checkpoint to whoever is to keep a copy; one that is handed on again is the same one.
    announce: Callable[[Checkpoint], None]
    _looked_at: float = field(default=float("-inf"))
    _announced: Checkpoint | None = field(default=None)

    def due(self) -> Sequence[tuple[str, str]]:
        """Return (period id, export) of periods to be looked at now, each once. Raises ``StoreUnavailable``."""
        now = self.clock()
        if now - self._looked_at < _LOOK_EVERY:
            return []
        self._looked_at = now
        if self._announced is None:
            self._announce_last()
        return self.mover.store.archives_due(lease=_LEASE, first=_FIRST)

    def run(self, period_id: str) -> Turn:
        """Do what is due of a period and of the archive, and write the canonical log line.

        Raises ``StoreUnavailable`` and ``ArchiveUnavailable``; then it stays due.
        """
        began = time.monotonic()
        try:
            before = self.check()
            turn = self.mover.turn(period_id)
            actions, deleted = self.mover.actions(), self.delete()
            self.keep_checkpoint(before)
        except ArchiveUnavailable as error:
            log.warning(
                "period_archive",
                period=period_id,
                result="archive-unavailable",
                why=error.failure.description,
                next_step=error.failure.next_step,
            )
            raise
        if turn.archived or turn.whole or turn.shortened or actions or deleted:
            log.info(
                "period_archive",
                period=period_id,
                result="archived" if turn.whole else "under-way" if turn.archived else "shortened",
                invoices=turn.archived or turn.shortened,
                actions=actions,
                deleted=deleted,
                ms=round((time.monotonic() - began) * 1000),
            )
        return turn

    def check(self) -> ArchiveHead | None:
        """Return how the archive stands, once Redis knows of it.

        Raises ``ArchiveUnavailable`` where it is not what Redis or the last checkpoint say that it was.
        """
        self.mover.store.synchronise()
        head = self.archive.head()
        last = self.checkpoints.last(head.log) if head else None
        if head and last and (head.size < last.size or self.archive.root(last.size) != last.root):
            raise unavailable(
                f"it was changed or cut after the checkpoint of {last.at} ({last.size} entries); "
                "`opter-economic archive verify` says where"
            )
        return head

    def delete(self) -> int:
        """Delete the texts that need be kept no longer; return how many."""
        if not self.archive.head():
            return 0
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        until = first_kept(today, years=self.settings.keep_years, year_ends=self.settings.year_ends)
        return self.archive.delete_texts(until.isoformat(), most=_MOST_DELETED)

    def keep_checkpoint(self, before: ArchiveHead | None) -> Checkpoint | None:
        """Write how the archive stands, where it has grown since ``before``, or was never written down."""
        head = self.archive.head()
        if head is None or not head.size:
            return None
        last = self.checkpoints.last(head.log)
        if last:
            # Whoever wrote it may have died before it was handed on.
            self._hand_on(last)
        if before and before.size == head.size and last:
            return None
        at = datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")
        checkpoint = Checkpoint(log=head.log, size=head.size, root=self.archive.root(head.size), at=at)
        self.checkpoints.add(checkpoint)
        self._hand_on(checkpoint)
        return checkpoint

    def _announce_last(self) -> None:
        """Hand on what the process before this one may not have; what cannot be read is said by the next turn."""
        with suppress(ArchiveUnavailable):
            for checkpoint in deque(self.checkpoints.all(), maxlen=1):
                self._hand_on(checkpoint)

    def _hand_on(self, checkpoint: Checkpoint) -> None:
        if checkpoint != self._announced:
            self.announce(checkpoint)
            self._announced = checkpoint


def log_checkpoint(checkpoint: Checkpoint) -> None:
    """Write a checkpoint into the log, which most installations send elsewhere."""
    log.info("archive_checkpoint", archive=checkpoint.log, entries=checkpoint.size, root=checkpoint.root)
