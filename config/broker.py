"""Celery's configuration as a pure function. Option names: Celery 5.7 configuration docs, kombu 5.7 transports.

The broker carries hints, the store is the truth. So a message is gone as soon as it is taken, and kombu keeps no list
of unacknowledged ones to repeat some time later: recovery comes from the store's leases and sweeps alone, never from
two mechanisms that race each other.
"""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from kombu.entity import Queue

from config.addresses import SentinelAddress, is_rabbitmq, sentinel_address, speaks_tls
from config.names import (
    AGREEMENT_TASK,
    ARCHIVE_TASK,
    CAUSES_TASK,
    EXPORT_TASK,
    PREFLIGHT_TASK,
    RECONCILE_TASK,
    broker_prefix,
    export_of,
    export_queue,
    preflight_queue,
    reconcile_queue,
    recovery_queue,
)
from config.settings import Settings
from config.settings_sections import Broker

_QUEUES = (preflight_queue, recovery_queue, export_queue, reconcile_queue)


def queues_of(export: str) -> list[str]:
    """Return the queues of an export, in the order in which they are read."""
    return [kind(export) for kind in _QUEUES]


def celery_queue(name: str) -> Queue:
    """Return a queue as Celery declares it: what is bound to it is its own name."""
    return Queue(name, routing_key=name)  # type: ignore[no-untyped-call]  # kombu is typed in part only


def celery_config(settings: Settings, exports: Iterable[str]) -> dict[str, Any]:
    """Return the configuration of app, workers and publishers; ``exports`` are the names of all invoice exports."""
    return {
        **_broker(settings),
        **_tasks(sorted(exports)),
        **_worker(settings),
        "enable_utc": True,
        "timezone": "UTC",
    }


def carrier(settings: Settings) -> Broker:
    """Return what carries the messages: the broker of its own, or the Redis of the store."""
    own, store = settings.broker, settings.redis
    if own.url.get_secret_value():
        return own
    return own.model_copy(update={"url": store.url, "ca_file": own.ca_file or store.ca_file})


def carried_by_store(settings: Settings) -> bool:
    """Tell whether the Redis of the store carries the messages."""
    return not settings.broker.url.get_secret_value()


def watching(settings: Settings) -> Settings:
    """Return the settings as Flower has them: with the broker's user of its own, if there is one."""
    broker = carrier(settings)
    if settings.flower.redis_url.get_secret_value():
        broker = broker.model_copy(update={"url": settings.flower.redis_url})
    return settings.model_copy(update={"broker": broker})


def watching_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of Flower: the broker alone, by its own user if it has one. No export, no token."""
    return {
        **_broker(watching(settings)),
        "accept_content": ["json"],
        "worker_hijack_root_logger": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


def route(
    name: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],  # noqa: ARG001  # Celery's router signature
    options: Mapping[str, Any],  # noqa: ARG001  # Celery's router signature
    task: Any = None,  # noqa: ARG001  # Celery's router signature
    **_: Any,
) -> dict[str, str] | None:
    """Send an id to its export's queue: every id begins with the export's name and a hyphen."""
    queues = {
        EXPORT_TASK: export_queue,
        PREFLIGHT_TASK: preflight_queue,
        RECONCILE_TASK: reconcile_queue,
        AGREEMENT_TASK: reconcile_queue,
        CAUSES_TASK: reconcile_queue,
        ARCHIVE_TASK: reconcile_queue,
    }
    queue = queues.get(name)
    if queue is None or not args:
        return None
    return {"queue": queue(export_of(str(args[0])))}


def _broker(settings: Settings) -> dict[str, Any]:
    address = carrier(settings).url.get_secret_value()
    sentinels = None if is_rabbitmq(address) else sentinel_address(address)
    return {
        "broker_url": sentinels.kombu_url if sentinels else address,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # READONLY and its like come as errors of the channel: the connection is dropped and the name looked up anew.
        "broker_channel_error_retry": True,
        "broker_pool_limit": all_slots(settings.worker.concurrency) + 10,
        **(rabbitmq_options(settings) if is_rabbitmq(address) else _redis_options(settings, sentinels)),
        "result_backend": None,
    }


def _redis_options(settings: Settings, sentinels: SentinelAddress | None) -> dict[str, Any]:
    ca_file = carrier(settings).ca_file
    private = {"ssl_ca_certs": str(ca_file)} if ca_file else {}
    # A private authority's certificates; with rediss:// kombu asks for TLS by itself, with Sentinels it is told so.
    private_tls = speaks_tls(carrier(settings).url.get_secret_value()) and (private or sentinels)
    tls = {"broker_use_ssl": {"ssl_cert_reqs": "required", **private}} if private_tls else {}
    return tls | {
        "broker_transport_options": {
            # With it, every message would cost two more round trips, for a second life that nobody wants.
            "ack_emulation": False,
            "priority_steps": [0],
            "queue_order_strategy": "round_robin",
            # A half-open connection is noticed within two of these.
            "health_check_interval": 5,
            # Above kombu's blocking read of one second.
            "socket_timeout": settings.redis.socket_timeout,
            "socket_connect_timeout": settings.redis.connect_timeout,
            "socket_keepalive": True,
            "max_connections": all_slots(settings.worker.concurrency) + 50,
            "global_keyprefix": broker_prefix(settings.redis.prefix),
            "client_name": "opter-economic",
            **(_sentinel_options(settings, sentinels, private) if sentinels else {}),
        },
    }


def _sentinel_options(settings: Settings, sentinels: SentinelAddress, private: Mapping[str, str]) -> dict[str, Any]:
    """Return kombu's options of the Sentinels; what they are asked with is redis-py's."""
    return {
        "master_name": sentinels.primary,
        "sentinel_kwargs": {
            "username": sentinels.sentinel_username,
            "password": sentinels.sentinel_password,
            "socket_timeout": settings.redis.connect_timeout,
            "socket_connect_timeout": settings.redis.connect_timeout,
            **({"ssl": True, **private} if sentinels.tls else {}),
        },
    }


def rabbitmq_options(settings: Settings) -> dict[str, Any]:
    """Return Celery's options of the connections to RabbitMQ (docs of Celery, kombu's ``pyamqp``, py-amqp).

    There is no visibility timeout: RabbitMQ sends again what a lost connection has not acknowledged, and a message is
    acknowledged when its execution begins. One that waits here for a slot for longer than RabbitMQ's
    ``consumer_timeout`` (30 minutes) costs a new connection, and no invoice.
    """
    broker = carrier(settings)
    host = urlsplit(broker.url.get_secret_value()).hostname
    tls = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": host, "ca_certs": broker.ca_file and str(broker.ca_file)}
    return {
        "broker_use_ssl": tls if speaks_tls(broker.url.get_secret_value()) else None,
        "broker_connection_timeout": settings.redis.connect_timeout,
        # Who publishes now and then sends no heartbeats, and would be cut off; the worker's own: ``HEARTBEAT``.
        "broker_heartbeat": 0,
        # A message that RabbitMQ loses when it is started again is sent again; writing each to disk costs more.
        "task_default_delivery_mode": "transient",
        # RabbitMQ's own; otherwise Celery makes one by the name of some queue, and binds every other queue to it.
        "task_default_exchange": "amq.direct",
        "broker_transport_options": {
            "client_properties": {"connection_name": "opter-economic"},
            # Whoever publishes is told at once that RabbitMQ is away, instead of waiting for it to come back.
            "max_retries": 1,
            "interval_start": 0,
        },
    }


#: Seconds between two heartbeats of a worker and RabbitMQ: a connection that is dead is noticed within two.
HEARTBEAT = 5


def _tasks(exports: Sequence[str]) -> dict[str, Any]:
    queues = [kind(name) for kind in _QUEUES for name in exports]
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_queues": tuple(map(celery_queue, queues)),
        # A message for an unknown export fails at its publisher instead of waiting in a queue that nobody reads.
        "task_create_missing_queues": False,
        "task_default_queue": queues[0] if queues else "none",
        "task_routes": (route,),
        "task_acks_late": False,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_send_sent_event": True,
        "task_publish_retry": True,
    }


def all_slots(concurrency: int) -> int:
    """Return the slots of a worker: those that one export may use, and as many for others.

    One export may use half as many again as it may have calls under way: an execution spends about a third of its time
    between its calls, at the store above all, and then the call of another one is under way instead. A slot is a thread
    that waits most of the time, so further ones cost next to nothing.
    """
    return 2 * (concurrency + concurrency // 2)


def largest_share(slots: int) -> int:
    """Return how many of all slots one export may use."""
    return slots // 2


def _worker(settings: Settings) -> dict[str, Any]:
    return {
        "worker_pool": "threads",
        "worker_consumer": "worker.runtime.message_filter:MessageFilter",
        "worker_concurrency": all_slots(settings.worker.concurrency),
        # No limit of Celery's: how many messages a worker holds is decided for each export (worker.runtime.slots).
        "worker_prefetch_multiplier": 0,
        "worker_send_task_events": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_soft_shutdown_timeout": settings.worker.soft_shutdown,
        "worker_enable_soft_shutdown_on_idle": False,
        # Prefetching again at full width after a lost connection: with early acknowledgement nothing is repeated.
        "worker_enable_prefetch_count_reduction": False,
        "worker_detect_quorum_queues": False,
        # Applies to late acknowledgement, which none of ours has; without it, each lost connection warns of that.
        "worker_cancel_long_running_tasks_on_connection_loss": True,
    }
