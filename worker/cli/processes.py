"""The processes that run Celery, Flower and the intake, and the Redis of one machine that they need."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

import structlog
from typing_extensions import override

from config.cells import Cell, cells_of, settings_of
from config.exports import ExportConfig
from config.settings import Settings, names_redis, variable
from config.settings_sections import Web
from worker.cli.error_output import WrongUsage
from worker.cli.language import say
from worker.domain.access import ALL_RIGHTS, Rights
from worker.errors import StoreUnavailable
from worker.intake.outage_log import OutageLog
from worker.local.embedded import EmbeddedServer, EmbeddedServerError
from worker.runtime.cells import note_stores
from worker.store.connection import StorePolicy, connect
from worker.store.schema import RedisSchema
from worker.store.server_check import check_server
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


class StopWith(threading.Event):
    """Set by itself, or with another event: a part of a process ends with the process, or before it."""

    def __init__(self, whole: threading.Event) -> None:
        super().__init__()
        self._whole = whole

    @override
    def is_set(self) -> bool:
        return super().is_set() or self._whole.is_set()


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
        f"--max_tasks={settings.flower.max_tasks}",
        "--tasks_columns=name,uuid,state,result,exception,received,started,runtime,worker",
    )
    return [sys.executable, "-P", "-m", "worker.flower_page", *options]


#: What Flower's process gets of ours: none of e-conomic's tokens, whose variables an installation names as it likes.
_PLAIN = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "REDIS_URL"})
_OF_FLOWER = (
    "OPTER_ECONOMIC_REDIS__",
    "OPTER_ECONOMIC_BROKER__",
    "OPTER_ECONOMIC_FLOWER__",
    "OPTER_ECONOMIC_LOG__",
    "FLOWER_",
    "PYTHON",
)


def flower_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what Flower's process gets of an environment; with an address of its own, not that of the others."""
    own = {name: value for name, value in environ.items() if name in _PLAIN or name.startswith(_OF_FLOWER)}
    if settings.flower.redis_url.get_secret_value():
        for name in ("REDIS_URL", variable("redis", "url"), variable("broker", "url")):
            own.pop(name, None)
    return own


def web_command(settings: Settings) -> list[str]:
    """Return the command line of the page."""
    options = (f"--host={settings.web.host}", f"--port={settings.web.port}", f"--log-level={settings.log.level}")
    # No access log: addresses of pages hold sign-in links and invoice numbers.
    quiet = ("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown=3")
    # Which proxies are believed is a setting of ours; uvicorn would believe whatever comes from this machine.
    ours = (*quiet, "--no-proxy-headers")
    return [sys.executable, "-P", "-m", "uvicorn", "--factory", "worker.web.app:from_environment", *options, *ours]


def sign_in_link(settings: Web, sessions: RedisSessions, name: str, rights: Rights = ALL_RIGHTS) -> str:
    """Return the address of a new sign-in link for a person of this name. Raises ``StoreUnavailable``."""
    secret = sessions.make_link(name, seconds=int(settings.link_minutes * 60), rights=rights)
    return f"http://{settings.host}:{settings.port}/sign-in/{secret}"


def become(command: Sequence[str], *, env: Mapping[str, str] | None = None, hold_signals: bool = False) -> NoReturn:
    """Replace this process by another program: signals and exit code are its own then. ``env`` is all that it gets.

    ``hold_signals``: those to end wait until the program is ready to heed them (``worker.lifecycle``). The first
    process of a container would never see them otherwise.
    """
    if hold_signals:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    sys.stdout.flush()
    sys.stderr.flush()
    if env is not None:
        os.execve(command[0], list(command), dict(env))  # noqa: S606  # our own Python and arguments; no shell is wanted
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


def side_by_side(parts: Sequence[Callable[[threading.Event], None]], stop: threading.Event) -> None:
    """Run the first part here and the others beside it, until all have ended; one that fails ends all, and is raised.

    Each returns soon after ``stop`` is set.
    """
    failed: list[BaseException] = []

    def run(part: Callable[[threading.Event], None]) -> None:
        try:
            part(stop)
        except BaseException as error:  # noqa: BLE001  # raised below, in the thread that all wait for
            failed.append(error)
            stop.set()

    first, *others = parts
    threads = [threading.Thread(target=run, args=(part,), name=f"store-{number}") for number, part in enumerate(others)]
    for thread in threads:
        thread.start()
    run(first)
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


#: Seconds between two tries while a store that exports name is down, or is another one than it should be.
_ASK_AGAIN = 5.0


def await_own_store(settings: Settings, exports: Mapping[str, ExportConfig], cell: Cell, stop: threading.Event) -> None:
    """Wait until a store answers and is fit to take in events, or until stopped; what is against it is logged once."""
    outage, said = OutageLog(cell.name), ""
    while not stop.is_set():
        try:
            require_fit_store(settings_of(settings, cell), cell.name)
            require_own_stores(settings, exports)
        except StoreUnavailable as error:
            outage.down(error)
        except WrongUsage as error:
            why = f"{error} {error.next_step}"
            if why != said:
                said = why
                log.error("store_refused", store=cell.name, why=why)  # noqa: TRY400  # a person is told, not a fault
        else:
            outage.up()
            return
        stop.wait(_ASK_AGAIN)


#: Seconds between two looks into the folders: files come seldom, and a network share is not to be asked all the time.
_LOOKS = 1.0


def run_watch(turn: Callable[[], object], *, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Give the watched folders a turn every now and then until stopped; ``turn`` may raise ``StoreUnavailable``."""
    outage = OutageLog("watch")
    while not stop.is_set():
        beat()
        try:
            turn()
        except StoreUnavailable as error:
            outage.down(error)
        else:
            outage.up()
        stop.wait(_LOOKS)


def _sweep(sweep: Callable[[], int], interval: float, stop: threading.Event, beat: Callable[[], None]) -> None:
    outage = OutageLog("sweeps")
    while not stop.wait(interval):
        beat()
        try:
            sent = sweep()
        except StoreUnavailable as error:
            outage.down(error)
        except Exception as error:  # noqa: BLE001  # the sweeps heal everything else, so they must outlive any fault
            log.error("sweep_failed", error=type(error).__name__)  # noqa: TRY400  # a traceback may hold customer data
        else:
            outage.up()
            (log.info if sent else log.debug)("swept", sent=sent)


_STANDARD_PORT = 6379


@contextmanager
def redis_for(settings: Settings, data: Path, port: int | None = None) -> Iterator[str]:
    """Yield the address of Redis; an embedded server lives as long as the block.

    The embedded one takes ``port`` (0: any free one), else the standard one. Raises ``EmbeddedServerError``.
    """
    url = settings.redis.url.get_secret_value()
    if not is_embedded(settings):
        yield url
        return
    server = EmbeddedServer(data, port=_STANDARD_PORT if port is None else port)
    try:
        server.start()
    except EmbeddedServerError as error:
        advice = say(
            "If another program has port {port}, take a free one with `up --redis-port 0`; a Redis of your own is "
            "named by REDIS_URL.",
            port=server.port,
        )
        raise EmbeddedServerError(f"{error} {advice}") from None
    try:
        yield server.url
    finally:
        server.stop()


def is_embedded(settings: Settings) -> bool:
    """Return whether no Redis is configured, so that ``up`` starts one."""
    return not names_redis(settings)


def require_free(host: str, port: int, setting: str) -> None:
    """Refuse a port or host that cannot be listened on, before a traceback says so. Raises ``WrongUsage``."""
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(info[0], info[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(info[4])
    except OSError as error:
        text = say("Cannot listen on {host}:{port}: {why}.", host=host, port=port, why=error.strerror)
        raise WrongUsage(text, say("Choose another {setting}.", setting=setting)) from None


#: Seconds between two tries while Redis is down at the start.
_TRY_AGAIN = 1.0


def await_fit(settings: Settings, exports: Mapping[str, ExportConfig]) -> None:
    """Wait until Redis answers, saying so once, and refuse one that may lose data. A signal ends the process meanwhile.

    Ending instead would be a crash loop with growing pauses. Raises ``WrongUsage``.
    """
    _await(partial(require_fit, settings, exports))


def await_broker(settings: Settings) -> None:
    """Wait until the broker answers, saying so once: for a process that needs nothing else. See ``await_fit``."""
    from worker.runtime.broker import open_broker  # noqa: PLC0415  # slow to load

    with closing(open_broker(settings)) as broker:
        _await(broker.check)


def _await(look: Callable[[], object]) -> None:
    outage = OutageLog("start")
    with stop_on_signal() as stop:
        while not stop.is_set():
            try:
                look()
            except StoreUnavailable as error:
                outage.down(error)
                stop.wait(_TRY_AGAIN)
            else:
                outage.up()
                return
    raise SystemExit(0)


def require_fit(settings: Settings, exports: Mapping[str, ExportConfig]) -> None:
    """Refuse to run on a Redis that may lose data: what it loses could be posted twice, or never.

    Stores that exports name are refused alike, and for an export that is in another one already; one that does not
    answer is no reason to wait, as others go on. Raises ``WrongUsage``, and ``StoreUnavailable`` when that of the
    settings does not answer.
    """
    require_fit_store(settings)
    for cell in filter(None, cells_of(exports)):
        with suppress(StoreUnavailable):
            require_fit_store(settings_of(settings, cell), cell.name)
    require_own_stores(settings, exports)


def require_own_stores(settings: Settings, exports: Mapping[str, ExportConfig]) -> None:
    """Refuse exports that are in another store than the exports file says. Raises as ``require_fit``."""
    problems = note_stores(settings, exports)
    if problems:
        text = say("The exports file puts exports into the wrong store; they would be exported twice.")
        raise WrongUsage(text, "\n  → ".join(problems))


def require_fit_store(settings: Settings, name: str = "") -> None:
    """Refuse one store, of this name if it has one. Raises as ``require_fit``."""
    with closing(connect(settings.redis)) as redis:
        problems = check_server(redis, require_durability=settings.redis.require_durability)
        schema = RedisSchema(redis, prefix=settings.redis.prefix, policy=StorePolicy()).declare()
    if schema.too_new:
        raise WrongUsage(_of(name, say("This store is newer than this program.")), schema.refusal)
    if problems:
        text = say("This Redis is not fit to be the store; nothing was started.")
        raise WrongUsage(_of(name, text), "\n  → ".join(problems))


def _of(name: str, text: str) -> str:
    return say("Store {name}: {problem}", name=name, problem=text) if name else text
