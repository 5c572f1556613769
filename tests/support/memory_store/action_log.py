"""The log of actions in memory."""

from collections.abc import Sequence

from support.memory_store.tables import Tables
from typing_extensions import override

from worker.domain.action_log import LogEntry, LogFilter
from worker.domain.desk_ports import ActionLogPort


class MemoryActionLog(Tables, ActionLogPort):
    """See ``ActionLogPort``."""

    @override
    def log_action(self, *, who: str, what: str, why: str = "", export: str = "", of: Sequence[str] = ()) -> None:
        with self.lock:
            self.act(what, who, why, export, of)

    @override
    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        with self.lock:
            older = self.logged[: len(self.logged) if before is None else before]
        return [entry for entry in reversed(older) if wanted.fits(entry)][:most]
