"""Checkpoints of the archive as messages: a copy of each where whoever changes the archive cannot change it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.notify_section import ChannelSetup
from worker.archive.checkpoints import Checkpoint
from worker.domain.desk_ports import NoticePort
from worker.domain.notices import Kind, Notice, Once
from worker.notify.decide import addressed


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointNotices:
    """Lays each checkpoint into the boxes of the channels that want it, once, however often it is handed in."""

    store: NoticePort
    channels: Sequence[ChannelSetup]
    #: Name of the time zone of quiet hours.
    zone: str
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]

    def announce(self, checkpoint: Checkpoint) -> None:
        """Tell of a checkpoint. Raises ``StoreUnavailable``: then it is to be handed in again."""
        at = datetime.fromisoformat(checkpoint.at).timestamp()
        facts = {"archive": checkpoint.log, "entries": checkpoint.size, "root": checkpoint.root}
        notice = Notice(kind=Kind.ARCHIVE_CHECKPOINT, export="", facts=facts, at=at)
        change = Once(key=f"checkpoint:{checkpoint.log}:{checkpoint.size}:{checkpoint.root}", notice=notice)
        self.store.tell([addressed(change, self.channels, self.clock(), self.zone)])
