"""The log of an outage: why and what to do once, again when the cause changes, and its end."""

import structlog

from worker.errors import StoreUnavailable

log = structlog.get_logger()


class OutageLog:
    """Remembers the cause that was logged last. One for each part (``room``) of a process; not for several threads."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._why = ""

    def down(self, error: StoreUnavailable) -> None:
        """Log the cause, unless it is the one that was logged last."""
        why = error.failure.description
        if why != self._why:
            log.warning("store_unavailable", room=self._room, why=why, next_step=error.failure.next_step)
        self._why = why

    def up(self) -> None:
        """Log the end of the outage, if there was one."""
        if self._why:
            log.info("store_available", room=self._room)
        self._why = ""
