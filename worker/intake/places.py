"""What an event points at (its invoices, their PDFs): one door for files and https alike."""

from pathlib import Path

from worker.intake import files, web
from worker.intake.web import Web


class Places:
    """The folders and hosts that events may point at."""

    def __init__(self, folders: tuple[Path, ...], web: Web) -> None:
        self._folders = folders
        self._web = web

    def check(self, url: str) -> None:
        """Refuse an address outside the allowed places, without touching it. Raises ``EventRefused``."""
        if url.lower().startswith("file:"):
            files.locate(url, self._folders)
        else:
            web.check(url, self._web.rules)

    def read(self, url: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes. Raises ``EventRefused``, ``Unreachable``, ``Unavailable``."""
        if url.lower().startswith("file:"):
            return files.read(url, self._folders, limit)
        return self._web.read(url, limit)
