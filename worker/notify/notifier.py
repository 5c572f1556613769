"""The whole of it in a process: a thread that looks, and sends what is due."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from config.notify_section import ChannelSetup
from worker.errors import StoreUnavailable
from worker.notify.courier import Courier
from worker.notify.watch import NoticeWatch

log = structlog.get_logger()

#: Channels served at the same time, so that one that hangs holds up few.
_AT_ONCE = 4
#: Seconds that the end of a process waits for an attempt under way; what is cut off counts as doubtful.
_LAST_WORD = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Notifier:
    """Looks and sends; any number of processes may do so at once."""

    watch: NoticeWatch
    courier: Courier
    channels: Sequence[ChannelSetup]
    #: Seconds between two turns.
    interval: float

    def turn(self, pool: ThreadPoolExecutor) -> int:
        """Look once, and send what is due; return how many messages were accepted. Raises ``StoreUnavailable``."""
        self.watch.turn()
        return sum(pool.map(self.courier.turn, self.channels))


def couriers() -> ThreadPoolExecutor:
    """Return the threads that send; the same for all turns, as each keeps a connection to Redis."""
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="courier")


def _turn(notifier: Notifier, pool: ThreadPoolExecutor) -> None:
    try:
        notifier.turn(pool)
    except StoreUnavailable:
        pass  # the sweeps say so; what is to be told is still to be told then
    except Exception as error:  # noqa: BLE001  # nobody would be told any more
        log.error("notify_failed", error=type(error).__name__)  # noqa: TRY400  # a traceback may hold amounts


def keep_notifying(notifier: Notifier) -> Callable[[], None]:
    """Give turns from a thread until the process ends; return what ends it."""
    stop = threading.Event()

    def run() -> None:
        with couriers() as pool:
            while not stop.wait(notifier.interval):
                _turn(notifier, pool)

    thread = threading.Thread(target=run, name="notify", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(_LAST_WORD)

    return end
