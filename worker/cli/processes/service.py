"""One process of ours that is looked after: started in a group of its own, its words kept in a log file."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.ledger import tether

#: A log larger than this is put aside when its process starts; the one put aside before it goes.
LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What to run."""

    #: ``intake``, ``worker``, ... : one of our own commands, and the name of its log.
    name: str
    #: Arguments of ``opter-economic``.
    arguments: tuple[str, ...]
    #: Seconds that it gets to end by itself when told to.
    patience: float = 10.0


class Process:
    """A service while it runs. Start it from the main thread: it ends with the thread that started it (Linux)."""

    def __init__(self, service: Service, *, env: Mapping[str, str], logs: Path) -> None:
        self._patience = service.patience
        log = logs / f"{service.name}.log"
        _put_aside(log)
        with log.open("ab") as out:
            self._popen = subprocess.Popen(  # noqa: S603  # our own program and arguments, no shell
                _tethered(service.arguments),
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                # Ctrl-C reaches the supervisor alone, which stops everything in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, which the service keeps."""
        return self._popen.pid

    @property
    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        return self._popen.poll()

    def stop(self) -> None:
        """Ask it to end, and end its whole group when it takes too long."""
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(self._patience)
        except subprocess.TimeoutExpired:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()


def own_command(*arguments: str) -> list[str]:
    """Return the command line that runs ``opter-economic`` with this Python; the working directory stays out of it."""
    return [sys.executable, "-P", "-m", "worker", *arguments]


def _tethered(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-I", tether.__file__, str(os.getpid()), *own_command(*arguments)]


def _put_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
