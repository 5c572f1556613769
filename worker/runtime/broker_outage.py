"""A worker's outages of the broker: why, once, with the next step, and their end; Celery says each try, and no step."""

import logging
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer
from celery.worker.consumer.consumer import CONNECTION_RETRY, maybe_shutdown
from celery.worker.consumer.consumer import logger as celery_logger

from config.broker import HEARTBEAT
from worker.errors import StoreUnavailable
from worker.intake.outage_log import OutageLog
from worker.store.causes import store_unavailable

log = structlog.get_logger()

#: What to do about an item in Celery's queues that is none of ours.
FOREIGN_NEXT_STEP = "Find out who else writes to Celery's queues."
#: Seconds between two tries: the first, what each further one adds, the most. Celery's own would be half a minute.
_FIRST, _MORE, _MOST = 1.0, 1.0, 5.0
#: Seconds after which a connection counts as good: one that is refused its first command would be made again at once.
_STEADY = 5.0
#: Seconds after which a signal to end is heeded at the latest, during a pause.
_HEED = 0.1


class ExplainedOutages(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Celery's consumer, which connects again for as long as it takes."""

    timer: Any
    app: Any
    #: Turns an error of the broker's driver into ours; another broker than the store's is named at the start.
    unavailable: Callable[[BaseException], StoreUnavailable] = staticmethod(store_unavailable)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See Celery's consumer, which is made once for each worker."""
        super().__init__(*args, **kwargs)
        # RabbitMQ's; Redis knows none. Celery's own setting holds for whoever publishes, too.
        self.amqheartbeat = HEARTBEAT
        self._outage = OutageLog("worker")
        self._pause = 0.0
        self._losses = 0
        celery_logger.addFilter(_not_said_here)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, or try again; a signal to end is heeded meanwhile."""
        while True:
            try:
                conn.ensure_connection(
                    lambda error, _: self._outage.down(self.unavailable(error)),
                    interval_start=_FIRST,
                    interval_step=_MORE,
                    interval_max=_MOST,
                    callback=maybe_shutdown,
                )
            except (*conn.connection_errors, *conn.channel_errors) as error:
                # A refusal, as of a password: kombu tries again after what it takes for an outage alone.
                self._outage.down(self.unavailable(error))
                _pause(_MOST)
            else:
                self.first_connection_attempt = False
                return conn

    def on_ready(self) -> None:
        """Called when the worker listens, with every connection."""
        super().on_ready()
        self.timer.call_after(_STEADY, self._steady, (self._losses,))

    def on_connection_error_after_connected(self, exc: BaseException) -> None:
        """Say why, let go of the connection, and wait a little if it was the one made just now that failed."""
        self._losses += 1
        if isinstance(exc, KeyError):  # an item without the properties of a message: kombu 5.7 connects anew for it
            log.error("foreign_message", why="no message", next_step=FOREIGN_NEXT_STEP)
        else:
            self._outage.down(self.unavailable(exc))
        super().on_connection_error_after_connected(exc)
        _pause(self._pause)
        self._pause = min(_MOST, self._pause + _MORE)

    def _steady(self, losses: int) -> None:
        if losses == self._losses:
            self._pause = 0.0
            self._outage.up()


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        maybe_shutdown()
        time.sleep(_HEED)


def _not_said_here(record: logging.LogRecord) -> bool:
    return not (isinstance(record.args, tuple) and CONNECTION_RETRY in record.args)
