"""The processes that run Celery, Flower and the intake, and the Redis of one machine that they need."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import structlog

from config.settings import Settings
from config.settings_sections import Web
from worker.cli.error_output import WrongUsage
from worker.errors import StoreUnavailable
from worker.local.embedded import EmbeddedServer, EmbeddedServerError
from worker.store.connection import check_server, connect
from worker.store.sessions import RedisSessions

log = structlog.get_logger()

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Yield an event that is set when this process gets a signal to end; from the main thread only."""
    stop = threading.Event()
    handlers = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


_CELERY = ("-P", "-m", "celery", "--quiet", "-A", "worker.app")
#: Seconds after which Flower forgets a worker that is gone; our own restarts are faster.
_FORGET_AFTER = "60"


def worker_command(name: str, log_level: str) -> list[str]:
    """Return the command line of a worker. ``name`` is fixed, so that Flower and metrics recognise it.

    Workers need nothing of each other (no gossip, no mingle): what matters is in the store.
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


def web_command(settings: Settings) -> list[str]:
    """Return the command line of the page."""
    options = (f"--host={settings.web.host}", f"--port={settings.web.port}", f"--log-level={settings.log.level}")
    # No access log: addresses of pages hold sign-in links and invoice numbers.
    quiet = ("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown=3")
    return [sys.executable, "-P", "-m", "uvicorn", "--factory", "worker.web.app:from_environment", *options, *quiet]


def sign_in_link(settings: Web, sessions: RedisSessions, name: str) -> str:
    """Return the address of a new sign-in link for a person of this name. Raises ``StoreUnavailable``."""
    secret = sessions.make_link(name, seconds=int(settings.link_minutes * 60))
    return f"http://{settings.host}:{settings.port}/sign-in/{secret}"


def become(command: Sequence[str], *, hold_signals: bool = False) -> NoReturn:
    """Replace this process by another program: signals and exit code are its own then.

    ``hold_signals``: those to end wait until the program is ready to heed them (``worker.lifecycle``). The first
    process of a container would never see them otherwise.
    """
    if hold_signals:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], list(command))  # noqa: S606  # our own Python and arguments; no shell is wanted


def run_intake(
    consume: Callable[[threading.Event], None],
    sweep: Callable[[], int],
    *,
    interval: float,
    stop: threading.Event,
    beat: Callable[[], None],
) -> None:
    """Consume events and sweep the store every ``interval`` seconds until stopped.

    Args:
        consume: returns soon after the event is set (``worker.intake.consumer.Consumer.run``).
        sweep: one sweep; returns how many messages it sent. May raise ``StoreUnavailable``.
        interval: seconds between two sweeps.
        stop: set from outside, for example by a signal.
        beat: called before every sweep.

    """
    sweeper = threading.Thread(target=_sweep, args=(sweep, interval, stop, beat), name="sweeps")
    sweeper.start()
    try:
        consume(stop)
    finally:
        stop.set()
        sweeper.join()


#: Seconds between two looks into the folders: files come seldom, and a network share is not to be asked all the time.
_LOOKS = 1.0


def run_watch(turn: Callable[[], int], *, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Give the watched folders a turn every now and then until stopped; ``turn`` may raise ``StoreUnavailable``."""
    down = False
    while not stop.is_set():
        beat()
        try:
            turn()
        except StoreUnavailable as error:
            if not down:
                log.warning("store_unavailable", room="watch", why=error.failure.description)
            down = True
        else:
            down = False
        stop.wait(_LOOKS)


def _sweep(sweep: Callable[[], int], interval: float, stop: threading.Event, beat: Callable[[], None]) -> None:
    down = False
    while not stop.wait(interval):
        beat()
        try:
            sent = sweep()
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


_STANDARD_PORT = 6379


@contextmanager
def redis_for(settings: Settings, data: Path) -> Iterator[str]:
    """Yield the address of Redis; an embedded server lives as long as the block.

    The embedded one takes the port of the standard address, so that every other command finds it unconfigured. Raises
    ``EmbeddedServerError``; for a configured one ``StoreUnavailable``, and ``WrongUsage`` when it is not fit.
    """
    url = settings.redis.url.get_secret_value()
    if not is_embedded(settings):
        require_fit(settings)
        yield url
        return
    server = EmbeddedServer(data, port=urlsplit(url).port or _STANDARD_PORT)
    try:
        server.start()
    except EmbeddedServerError as error:
        advice = f"If a Redis of your own is on port {server.port}, name it: REDIS_URL={server.url}."
        raise EmbeddedServerError(f"{error} {advice}") from None
    try:
        yield server.url
    finally:
        server.stop()


def is_embedded(settings: Settings) -> bool:
    """Return whether no Redis is configured, so that ``up`` starts one."""
    return "redis" not in settings.model_fields_set or "url" not in settings.redis.model_fields_set


#: Seconds between two tries while Redis is down at the start.
_TRY_AGAIN = 1.0


def await_fit(settings: Settings) -> None:
    """Wait until Redis answers, saying so once, and refuse one that may lose data. A signal ends the process meanwhile.

    Ending instead would be a crash loop with growing pauses. Raises ``WrongUsage``.
    """
    waiting = False
    with stop_on_signal() as stop:
        while not stop.is_set():
            try:
                require_fit(settings)
            except StoreUnavailable as error:
                if not waiting:
                    log.warning("store_unavailable", room="start", why=error.failure.description)
                waiting = True
                stop.wait(_TRY_AGAIN)
            else:
                if waiting:
                    log.info("store_available", room="start")
                return
    raise SystemExit(0)


def require_fit(settings: Settings) -> None:
    """Refuse to run on a Redis that may lose data: what it loses could be posted twice, or never.

    Raises ``WrongUsage``, and ``StoreUnavailable`` when it does not answer.
    """
    with closing(connect(settings.redis)) as redis:
        problems = check_server(redis, require_durability=settings.redis.require_durability)
    if problems:
        raise WrongUsage("This Redis is not fit to be the store; nothing was started.", "\n  → ".join(problems))
