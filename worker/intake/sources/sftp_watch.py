"""The pick-ups from all SFTP servers, each in a thread of its own: one that hangs keeps nobody back."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import asyncssh
import structlog

from config.exports import ExportConfig
from worker.intake.sources.sftp import SftpFault, SftpPickup

log = structlog.get_logger()


class SftpPickups:
    """Begins with ``start``; ends soon after ``stop`` is set."""

    def __init__(self, exports: Mapping[str, ExportConfig], *, secrets: Path, stop: threading.Event) -> None:
        """``secrets``: where secret files with relative names lie."""
        # Else it tells of every connection, sign-in and file, each minute.
        asyncssh.set_log_level(logging.WARNING)
        asyncssh.set_sftp_log_level(logging.WARNING)
        self._pickups = [
            (SftpPickup(export, secrets=secrets, monotonic=time.monotonic), export.source.sftp_seconds)
            for export in exports.values()
            if export.source.sftp
        ]
        self._stop = stop
        #: Export -> what is wrong with its server; as long as it is.
        self.faults: dict[str, str] = {}

    def start(self) -> None:
        """Begin to look; threads end with the process."""
        for pickup, seconds in self._pickups:
            name = f"sftp-{pickup.export}"
            threading.Thread(target=self._run, args=(pickup, seconds), name=name, daemon=True).start()

    def look(self, pickup: SftpPickup) -> None:
        """Look once at a server, and note what is wrong with it."""
        try:
            pickup.turn()
        except SftpFault as fault:
            self._note(pickup.export, str(fault))
        except Exception as error:  # noqa: BLE001  # a server that answers nonsense must not end the looks for good
            self._note(pickup.export, f"A fault in this program ({type(error).__name__}).")
        else:
            self.faults.pop(pickup.export, None)

    def _run(self, pickup: SftpPickup, seconds: float) -> None:
        while not self._stop.is_set():
            self.look(pickup)
            self._stop.wait(seconds)

    def _note(self, export: str, fault: str) -> None:
        if self.faults.get(export) != fault:
            log.error("sftp_not_usable", export=export, fault=fault)
        self.faults[export] = fault
