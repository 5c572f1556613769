"""The log of actions on Redis: one list, to which is only added."""

# ruff: noqa: PLC0415  # `status` needs the store without the log

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from worker.domain.desk_ports import ActionLogPort
from worker.store.connection import StoreConnection, text, token

if TYPE_CHECKING:
    from worker.domain.action_log import LogEntry, LogFilter

#: Entries read in one trip.
_PAGE = 500


class RedisActionLog(StoreConnection, ActionLogPort):
    """See ``ActionLogPort``."""

    @override
    def log_action(self, *, who: str, what: str, why: str = "", export: str = "", of: Sequence[str] = ()) -> None:
        self.run("log_action", token(), what, who, why, export, *of)

    @override
    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        from worker.domain.action_log import entry_of

        end = int(self.ask(["LLEN", self.key("actions")])[0]) if before is None else before
        found: list[LogEntry] = []
        while end > 0 and len(found) < most:
            start = max(0, end - _PAGE)
            page = self.ask(["LRANGE", self.key("actions"), start, end - 1])[0]
            entries = [entry_of(text(line), place) for place, line in enumerate(page, start)]
            found += [entry for entry in reversed(entries) if wanted.fits(entry)]
            end = start
        return found[:most]
