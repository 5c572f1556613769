"""The processes of an installation on one machine, kept running: what ends is restarted, later each time."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.settings import Settings, variable
from worker.local import tether

#: A log larger than this is renamed to ``.log.1`` when its process starts, over an older ``.log.1``.
LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What to run."""

    #: ``intake``, ``worker``, ... : one of our own commands, and the name of its log.
    name: str
    #: Arguments of ``opter-economic``.
    arguments: tuple[str, ...]
    #: Seconds that it gets to end by itself after SIGTERM.
    patience: float = 10.0


def installation(settings: Settings) -> tuple[Service, ...]:
    """Return the processes in the order of start and stop: whoever feeds stops before whoever is fed."""
    return (
        Service(name="watch", arguments=("watch",), patience=10.0),
        Service(name="intake", arguments=("intake",), patience=10.0),
        Service(name="worker", arguments=("worker",), patience=settings.grace_period),
        Service(name="web", arguments=("web",), patience=5.0),
        Service(name="flower", arguments=("flower",), patience=5.0),
    )


#: Seconds; see the setting.
_RESTART_WITHIN = "300"


def environment(redis_url: str, exports_file: Path, *, embedded: bool) -> Mapping[str, str]:
    """Return the environment of the processes: ours, with Redis and the exports file named.

    An embedded Redis has every write on disk before it answers: its restart, which follows at once, loses nothing.
    """
    restart = variable("store", "restart_within")
    return {
        **({restart: _RESTART_WITHIN} if embedded else {}),
        **os.environ,
        variable("redis", "url"): redis_url,
        variable("exports_file"): str(exports_file.resolve()),
    }


class Process:
    """A service while it runs. Start it from the main thread: it ends with the thread that started it (Linux)."""

    def __init__(self, service: Service, *, env: Mapping[str, str], logs: Path) -> None:
        self._patience = service.patience
        log = logs / f"{service.name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            self._popen = subprocess.Popen(  # noqa: S603  # our own program and arguments, no shell
                [sys.executable, "-I", tether.__file__, str(os.getpid()), *own_command(*service.arguments)],
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


_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
#: Seconds after which a start counts as a success, so that the next death begins with the first pause again.
_STEADY = 60.0


class Running(Protocol):
    """A started service; see ``worker.local.supervisor.Process``."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    @property
    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        ...

    def stop(self) -> None:
        """Ask it to end, and make sure that it does."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """A service that ended although nobody asked it to."""

    service: str
    code: int
    #: Seconds until it is started again.
    pause: float


@dataclass(kw_only=True, slots=True)
class _Slot:
    service: Service
    process: Running | None = None
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = 0.0


class Supervisor:
    """Looks after services; the caller gives it a turn every now and then."""

    def __init__(
        self, services: Sequence[Service], *, run: Callable[[Service], Running], clock: Callable[[], float]
    ) -> None:
        """``run`` starts one service. They are started in this order, and stopped in this order, too."""
        self._slots = [_Slot(service=service) for service in services]
        self._run = run
        self._clock = clock

    @property
    def pids(self) -> Mapping[str, int | None]:
        """Process ids by service; None for one that waits to be started again."""
        return {slot.service.name: slot.process.pid if slot.process else None for slot in self._slots}

    def turn(self) -> list[Death]:
        """Start what is due, and return what has died since the last turn."""
        deaths = [death for slot in self._slots if (death := self._clear_ended(slot))]
        for slot in self._slots:
            if slot.process is None and slot.start_at <= self._clock():
                slot.process, slot.started_at = self._run(slot.service), self._clock()
        return deaths

    def stop(self) -> None:
        """Stop all of them, one after the other."""
        for slot in self._slots:
            process, slot.process = slot.process, None
            if process and process.ended is None:
                process.stop()

    def _clear_ended(self, slot: _Slot) -> Death | None:
        code = slot.process.ended if slot.process else None
        if code is None:
            return None
        now = self._clock()
        slot.deaths = 1 if now - slot.started_at >= _STEADY else slot.deaths + 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (slot.deaths - 1))
        slot.process, slot.start_at = None, now + pause
        return Death(service=slot.service.name, code=code, pause=pause)


def starter(env: Mapping[str, str], logs: Path) -> Callable[[Service], Running]:
    """Return what starts services with this environment; their logs go to this folder."""
    logs.mkdir(parents=True, exist_ok=True)
    return lambda service: Process(service, env=env, logs=logs)
