"""Filter of a worker's messages: only those that our own publisher could have written are run.

Celery itself discards unknown tasks and other content types than JSON, but prints the whole message into the log; and
a message that is odd in another way ends the worker, which puts it back on the queue and so dies of it again after
every restart (measured with Celery 5.7: a body that is not ``[args, kwargs, embed]``). Here all of them end the same
way: dropped, with a line in the log that shows nothing of their content. What the store wants done is sent again.
"""

import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from celery.worker.consumer import Consumer
from celery.worker.consumer.consumer import logger as celery_logger

from config.names import EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK

#: Seconds that an event may wait for others.
PAUSE = 0.2
#: Events that are sent at once when they wait; Celery's own limit of 24 would send twenty times a second under load.
MOST_WAITING = 500


class BatchedEvents(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Celery's consumer, which sends events in batches."""

    hub: Any
    event_dispatcher: Any
    #: When a batch was last asked for, by the monotonic clock.
    _asked_at = -math.inf

    def on_send_event_buffered(self) -> None:
        """Have what is waiting sent after a pause; called for every event, by any thread."""
        now = time.monotonic()
        if self.hub and now - self._asked_at >= PAUSE:
            self._asked_at = now
            # Timers are the loop's own; only this call may come from another thread.
            self.hub.call_soon(self._send_later)

    def _send_later(self) -> None:
        self.hub.call_later(PAUSE, self._send)

    def _send(self) -> None:
        dispatcher = self.event_dispatcher
        if dispatcher:
            dispatcher.buffer_limit = MOST_WAITING  # again each time, as a lost connection brings a new one
            dispatcher.flush()


log = structlog.get_logger()

_TASKS = frozenset({EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK})
#: Celery's ways to have a message do more than one call, now; ours use none of them.
_OPTIONS = ("eta", "expires", "group", "retries", "shadow")
_ID = re.compile(r"[a-z][a-z0-9]{0,19}(-[A-Za-z0-9-]{1,60})?-p?[0-9]{1,15}")


class MessageFilter(BatchedEvents):
    """Celery's consumer (``worker_consumer``), which sees our messages only."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Return the handler of every message from the queues."""
        handle = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> Any:
            why = objection(message)
            if not why:
                return handle(message)
            log.error("foreign_message", why=why, next_step="Find out who writes to Celery's queues in Redis.")
            return message.reject_log_error(celery_logger, self.connection_errors)

        return on_message


def objection(message: Any) -> str:
    """Return why this is not a message of ours (a kombu ``Message``); empty when it is one."""
    if message.content_type != "application/json":
        return "content type"
    headers = message.headers
    if not isinstance(headers, Mapping) or not isinstance(headers.get("id"), str):
        return "headers"
    if not isinstance(headers.get("task"), str) or headers["task"] not in _TASKS:
        return "task"
    if any(headers.get(name) for name in _OPTIONS) or any(headers.get("timelimit") or ()):
        return "options"
    return "" if _is_call(message) else "body"


def _is_call(message: Any) -> bool:
    """Whether the body is one id and nothing else: no second task rides along as a callback, chain or chord."""
    try:
        args, kwargs, embed = message.payload
        (key,) = args
    except Exception:  # noqa: BLE001  # whatever a decoder or a strange body raises, it is not ours
        return False
    called = isinstance(key, str) and _ID.fullmatch(key) and kwargs == {}
    return bool(called) and isinstance(embed, dict) and not any(embed.values())
