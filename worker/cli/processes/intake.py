"""The intake process: the event consumer in the main thread, the sweeps beside it."""

import threading
from collections.abc import Callable

import structlog

from worker.errors import LedgerDown

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
        sweep: one turn; returns how many messages it sent. May raise ``LedgerDown``.
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
        except LedgerDown as error:
            if not down:
                log.warning("ledger_down", room="sweeps", why=error.failure.description)
            down = True
        except Exception as error:  # noqa: BLE001  # the sweeps heal everything else, so they must outlive any fault
            log.error("sweep_failed", error=type(error).__name__)  # noqa: TRY400  # a traceback may hold customer data
        else:
            if down:
                log.info("ledger_up", room="sweeps")
            down = False
            if sent:
                log.info("swept", sent=sent)
