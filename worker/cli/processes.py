"""The processes that run Celery, Flower and the intake."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import structlog

from config.settings import Settings
from worker.errors import StoreUnavailable

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Give an event that is set when this process is told to end; from the main thread only."""
    stop = threading.Event()
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in _SIGNALS}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


_CELERY = ("-P", "-m", "celery", "--quiet", "-A", "worker.app")
#: Seconds after which Flower forgets a worker that is gone; our own restarts are faster.
_FORGET_AFTER = "60"


def worker_command(name: str, log_level: str) -> list[str]:
    """Return the command line of a worker. ``name`` is fixed, so that Flower and metrics know it again.

    Workers need nothing of each other (no gossip, no mingle): what matters is in the ledger.
    """
    options = ("--hostname", name, "--loglevel", log_level, "--without-gossip", "--without-mingle")
    return [sys.executable, *_CELERY, "worker", *options]


def flower_command(settings: Settings) -> list[str]:
    """Return the command line of Flower: it shows, and changes nothing; task arguments are ids and nothing else."""
    options = (
        f"--address={settings.flower.host}",
        f"--port={settings.flower.port}",
        f"--purge_offline_workers={_FORGET_AFTER}",
        "--read_only=True",
        "--tasks_columns=name,uuid,state,received,started,runtime,worker",
    )
    return [sys.executable, *_CELERY, "flower", *options]


def become(command: Sequence[str]) -> NoReturn:
    """Replace this process by another program: signals and exit code are its own then."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], list(command))  # noqa: S606  # our own Python and arguments; no shell is wanted


log = structlog.get_logger()


def run_intake(
    consume: Callable[[threading.Event], None],
    sweep: Callable[[], int],
    *,
    interval: float,
    stop: threading.Event,
) -> None:
    """Consume events and sweep the ledger every ``interval`` seconds until stopped.

    Args:
        consume: returns soon after the event is set (``worker.intake.consumer.Consumer.run``).
        sweep: one turn; returns how many messages it sent. May raise ``StoreUnavailable``.
        interval: seconds between two turns.
        stop: set from outside, for example by a signal.

    """
    sweeper = threading.Thread(target=_sweep, args=(sweep, interval, stop), name="sweeps")
    sweeper.start()
    try:
        consume(stop)
    finally:
        stop.set()
        sweeper.join()


def _sweep(turn: Callable[[], int], interval: float, stop: threading.Event) -> None:
    down = False
    while not stop.wait(interval):
        try:
            sent = turn()
        except StoreUnavailable as error:
            if not down:
                log.warning("store_unavailable", room="sweeps", why=error.failure.description)
            down = True
        except Exception as error:  # noqa: BLE001  # the sweeps heal everything else, so they must outlive any fault
            log.error("sweep_failed", error=type(error).__name__)  # noqa: TRY400  # a traceback may hold customer data
        else:
            if down:
                log.info("store_available", room="sweeps")
            down = False
            if sent:
                log.info("swept", sent=sent)
