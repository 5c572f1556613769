"""The log of actions on Redis: one list, to which is only added."""

from collections.abc import Sequence

from typing_extensions import override

from worker.domain.action_log import ActionLogPort, LogEntry, LogFilter, entry_of
from worker.store.connection import StoreConnection, text, token

#: Entries read in one trip.
_PAGE = 500


class RedisActionLog(StoreConnection, ActionLogPort):
    """See ``ActionLogPort``."""

    @override
    def log_action(self, *, who: str, what: str, why: str = "", export: str = "", of: Sequence[str] = ()) -> None:
        self.run("log_action", token(), what, who, why, export, *of)

    @override
    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        end = int(self.ask(["LLEN", self.key("actions")])[0]) if before is None else before
        found: list[LogEntry] = []
        while end > 0 and len(found) < most:
            start = max(0, end - _PAGE)
            page = self.ask(["LRANGE", self.key("actions"), start, end - 1])[0]
            entries = [entry_of(text(line), place) for place, line in enumerate(page, start)]
            found += [entry for entry in reversed(entries) if wanted.fits(entry)]
            end = start
        return found[:most]
