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

        gone, size = self.ask(["HGET", self.key("archive"), "actions"], ["LLEN", self.key("actions")], at_once=True)
        # Places count on where the oldest entries have gone to the archive.
        first = int(gone or 0)
        end = first + int(size) if before is None else before
        found: list[LogEntry] = []
        while end > first and len(found) < most:
            start = max(first, end - _PAGE)
            page = self.ask(["LRANGE", self.key("actions"), start - first, end - 1 - first])[0]
            entries = [entry_of(text(line), place) for place, line in enumerate(page, start)]
            found += [entry for entry in reversed(entries) if wanted.fits(entry)]
            end = start
        while end > 0 and len(found) < most:
            kept = self.archived_actions(end, _PAGE)
            found += [entry for entry in kept if wanted.fits(entry)]
            end = kept[-1].place if kept else 0
        return found[:most]

    def archived_actions(self, before: int, most: int) -> Sequence[LogEntry]:  # noqa: ARG002  # see archived.py
        """Return archived entries below a place, newest first; who reads no archive knows none."""
        return []
