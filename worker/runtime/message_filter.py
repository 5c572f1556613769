"""Filter of a worker's messages: only those that our own publisher could have written are run.

Celery itself discards unknown tasks and other content types than JSON, but prints the whole message into the log; and
a message that is odd in another way ends the worker, which puts it back on the queue and so dies of it again after
every restart (measured with Celery 5.7: a body that is not ``[args, kwargs, embed]``). Here all of them end the same
way: dropped, with a line in the log that shows nothing of their content. What the store wants done is sent again.
"""

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from celery import signals
from celery.states import RETRY
from celery.worker.consumer.consumer import logger as celery_logger

from config.broker import celery_queue, largest_share
from config.names import (
    AGREEMENT_TASK,
    ARCHIVE_TASK,
    CAUSES_TASK,
    EXPORT_TASK,
    PREFLIGHT_TASK,
    RECONCILE_TASK,
    export_of,
    recovery_queue,
)
from worker.runtime.broker_outage import FOREIGN_NEXT_STEP, ExplainedOutages
from worker.runtime.queue_reading import QueueReading, reading_of
from worker.runtime.slots import PACE, Slots

#: Seconds that an event may wait for others.
PAUSE = 0.5
#: Events that are sent at once when they wait; Celery's own limit of 24 would send twenty times a second under load.
MOST_WAITING = 500


class BatchedEvents(ExplainedOutages):
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

_TASKS = frozenset({EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK, AGREEMENT_TASK, CAUSES_TASK, ARCHIVE_TASK})
#: Celery's ways to have a message do more than one call, now; ours use none of them.
_OPTIONS = ("eta", "expires", "group", "retries", "shadow")
_ID = re.compile(r"[a-z][a-z0-9]{0,19}((-[A-Za-z0-9-]{1,60})?-p?[0-9]{1,15}|-agreement|-causes)")


class SharedSlots(BatchedEvents):
    """Celery's consumer, which shares its slots between exports."""

    task_consumer: Any
    app: Any
    #: How the queues are read; another one with each new connection.
    _reading: QueueReading

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See Celery's consumer, which is made once for each worker."""
        super().__init__(*args, **kwargs)
        self._slots = Slots(slots=self.app.conf.worker_concurrency)
        #: Whether a look at what waits for a pause is due.
        self._filling = False
        signals.task_postrun.connect(self._on_end, weak=False)
        signals.task_revoked.connect(self._on_revoked, weak=False)

    def share(self, message: Any, handle: Callable[[Any], Any]) -> None:
        """Run a message of ours when its export has a slot; one whose worker died before those that wait for theirs."""
        export = export_of(message.payload[0][0])
        self._slots.offer(export, partial(handle, message), first=recovered(message, export))
        self._read_as_needed(export)

    def _on_end(self, args: Any = (), state: Any = None, **_: Any) -> None:
        """Called in the thread of the execution; only this call may come from there."""
        self.call_soon(self._ended, export_of(str(args[0])), state == RETRY)

    def _on_revoked(self, request: Any = None, **_: Any) -> None:
        self._on_end(args=request.args)

    def _ended(self, export: str, fruitless: bool) -> None:  # noqa: FBT001  # as call_soon passes it on
        self._slots.ended(export, fruitless=fruitless)
        self._read_as_needed(export, *self._reading.resting)

    def _fill_later(self) -> None:
        """See to what waits for a pause to end; each call ends in another one for as long as anything does."""
        if self.hub and not self._filling and self._slots.paced():
            self._filling = True
            self.hub.call_later(PACE, self._fill)

    def _fill(self) -> None:
        self._filling = False
        self._slots.fill()
        self._read_as_needed(*self._reading.resting)

    def _read_as_needed(self, *exports: str) -> None:
        """Let the queues of exports rest of which enough waits here, and read the others again."""
        for export in exports:
            self._reading.adjust(export, full=self._slots.full(export))
        self._fill_later()
        self._reading.hurry(held=self._slots.holds())


class MessageFilter(SharedSlots):
    """Celery's consumer (``worker_consumer``), which sees our messages only."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Return the handler of every message from the queues; asked for again with every new connection."""
        handle = super().create_task_handler(*args, **kwargs)
        self._slots.drop_held()
        self._reading = reading_of(self, most=largest_share(self.app.conf.worker_concurrency))

        def on_message(message: Any) -> Any:
            why = objection(message)
            if not why:
                return self.share(message, handle)
            log.error("foreign_message", why=why, next_step=FOREIGN_NEXT_STEP)
            return message.reject_log_error(celery_logger, self.connection_errors)

        return on_message

    def read_also(self, names: Sequence[str]) -> None:
        """Read further queues; while the connection is away, they are read with the next one. Main loop only."""
        queues, consumer = self.app.amqp.queues, self.task_consumer
        for name in names:
            queue = celery_queue(name)
            if queues._consume_from is not None:  # noqa: SLF001  # Celery offers nothing else
                # This worker was given its queues by name: another one reads the new ones.
                queues.add(queue)
            elif queues.select_add(queue) and consumer and not consumer.consuming_from(name):
                consumer.add_queue(queue)
        if consumer:
            consumer.consume()


def recovered(message: Any, export: str) -> bool:
    """Tell whether a message came by the queue of invoices whose worker died: who publishes names it as routing key."""
    info = message.delivery_info
    return isinstance(info, Mapping) and info.get("routing_key") == recovery_queue(export)


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
