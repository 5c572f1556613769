"""Publisher of Celery messages: an id each, many in one round trip. They are hints; the store is the truth.

A message is Celery's own, made once for each task and filled in for each id: to have Celery make each anew takes four
times as long (measured), and a large period is queued only as fast as its messages are.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from amqp.exceptions import AMQPError
from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError
from redis import RedisError

from config.names import (
    AGREEMENT_TASK,
    ARCHIVE_TASK,
    CAUSES_TASK,
    EXPORT_TASK,
    PREFLIGHT_TASK,
    RECONCILE_TASK,
    export_queue,
    preflight_queue,
    reconcile_queue,
    recovery_queue,
)
from worker.domain.store_port import Due, SweepPort
from worker.runtime.broker import Broker


class Publisher:
    """Publishes to the queues of each export, and sees which of them are empty."""

    def __init__(self, app: Celery, store: SweepPort, broker: Broker) -> None:
        self._app = app
        self._store = store
        self._broker = broker
        #: Headers and options of each task's message, as Celery makes them.
        self._made: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    def export(self, dues: Sequence[Due]) -> None:
        """Publish one message for each invoice, then note it. Raises ``StoreUnavailable``.

        After a crash or an error in between the sweep publishes again: at worst a message comes twice, its claim fails.
        """
        if not dues:
            return
        self._send(
            (EXPORT_TASK, due.invoice_id, recovery_queue(due.export) if due.recovered else export_queue(due.export))
            for due in dues
        )
        self._store.published([due.invoice_id for due in dues])

    def preflight(self, period_id: str, export: str) -> None:
        """Publish the message that has a period checked. Raises ``StoreUnavailable``."""
        self._send([(PREFLIGHT_TASK, period_id, preflight_queue(export))])

    def reconcile(self, period_id: str, export: str) -> None:
        """Publish the message that has a period read back. Raises ``StoreUnavailable``."""
        self._send([(RECONCILE_TASK, period_id, reconcile_queue(export))])

    def agreement(self, key: str, export: str) -> None:
        """Publish the message that has an export's agreement checked. Raises ``StoreUnavailable``."""
        self._send([(AGREEMENT_TASK, key, reconcile_queue(export))])

    def causes(self, key: str, export: str) -> None:
        """Publish the message that has the causes of an export asked about. Raises ``StoreUnavailable``."""
        self._send([(CAUSES_TASK, key, reconcile_queue(export))])

    def archive(self, period_id: str, export: str) -> None:
        """Publish the message that has a completed period written short or archived. Raises ``StoreUnavailable``."""
        self._send([(ARCHIVE_TASK, period_id, reconcile_queue(export))])

    def drop_connections(self) -> None:
        """Drop the connections to the broker: the next one looks its name up anew."""
        self._app.pool.force_close_all(close_pool=False)
        # The emptied pool has to be filled again: whoever takes one from it would wait for ever.
        self._app.pool.setup()

    def _send(self, messages: Iterable[tuple[str, str, str]]) -> None:
        """Publish (task, id, queue) each; a message that was sent at a first try and is sent again does no harm."""
        due = list(messages)
        for left in reversed(range(self._broker.tries)):
            try:
                return self._publish_all(due)
            except (AMQPError, OperationalError, BatchPublishError, OSError, RedisError) as error:
                # What answered may be no primary any more.
                self.drop_connections()
                if not left:
                    raise self._broker.unavailable(error) from error
        return None

    def _publish_all(self, due: Sequence[tuple[str, str, str]]) -> None:
        with (
            self._app.producer_pool.acquire(block=True, timeout=10) as producer,
            producer.connection._reraise_as_library_errors(),  # noqa: SLF001  # as Celery does: errors of any broker
            self._broker.publishing(producer),
            producer.batch(max_size=200),
        ):
            # Each queue once: kombu's look whether one is declared costs as much as a message.
            for queue in dict.fromkeys(queue for _, _, queue in due):
                producer.maybe_declare(self._app.amqp.queues[queue])
            for task, key, queue in due:
                self._publish(producer, task, key, queue)

    def _publish(self, producer: Any, task: str, key: str, queue: str) -> None:
        """Publish one message. Flower sees it from its receipt by a worker on; until then the store shows it."""
        headers, options = self._message(task)
        # The id leads from Flower to ``status`` and back: it begins with the invoice's or period's id.
        task_id = f"{key}.{uuid4().hex[:8]}"
        producer.publish(
            ((key,), {}, options),
            exchange="",
            routing_key=queue,
            headers={**headers, "id": task_id, "root_id": task_id, "argsrepr": repr((key,))},
            serializer="json",
            delivery_mode=self._app.conf.task_default_delivery_mode,
            correlation_id=task_id,
            retry=False,
        )

    def _message(self, task: str) -> tuple[dict[str, Any], dict[str, Any]]:
        if task not in self._made:
            made = self._app.amqp.as_task_v2("", task, (), {}, create_sent_event=False)
            self._made[task] = made.headers, made.body[2]
        return self._made[task]
