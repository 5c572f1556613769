"""A whole installation under attack: proxies before Redis and e-conomic, and a supervisor for what dies."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr
from support.chaos.proxy import Proxy
from support.installation import Installation
from support.rabbitmq import RabbitMqServer

from config.names import queue_key
from config.settings_sections import Redis
from worker.domain.record import InvoiceRecord, State
from worker.errors import StoreUnavailable
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy, connect
from worker.store.redis_store import RedisStore

#: Shortened, so that half a minute of faults holds many leases, retries and takeovers. The defaults are longer.
SHORT = {
    "store__lease_seconds": "6",
    "store__lost_after": "3",
    # The sandbox's listings do not lag; a second lookup comes after a minute instead of ten.
    "http__listing_lag_minutes": "1",
    "http__deadline": "4",
    "http__read_timeout": "3",
    "retry__base": "0.5",
    "retry__cap": "5",
    "intake__fetch_deadline": "2",
    "intake__heartbeat": "4",
    "worker__concurrency": "4",
    "worker__soft_shutdown": "3",
}
LEASE = 6.0
#: Seconds by which a process's own clock is wrong; read by the module below.
_AHEAD = "CHAOS_CLOCK_AHEAD"
#: Shifts the wall clock of the process that finds it on its path, before anything else is imported.
_WRONG_CLOCK = f"""
import os, time
ahead = float(os.environ["{_AHEAD}"])
seconds, nanoseconds = time.time, time.time_ns
time.time = lambda: seconds() + ahead
time.time_ns = lambda: nanoseconds() + int(ahead * 1e9)
"""
PREFIX = "opter-economic:"


class Cluster(Installation):
    """Two workers and an intake behind proxies."""

    services = ("intake", "worker-1", "worker-2")
    redis: EmbeddedServer

    def __init__(
        self,
        folder: Path,
        exports: Mapping[str, str] | None = None,
        rabbitmq: RabbitMqServer | None = None,
        /,
        **settings: str,
    ) -> None:
        """``rabbitmq`` carries the messages, if it is there; it runs already."""
        super().__init__(folder, exports=exports, **settings)
        self.rabbitmq = rabbitmq
        self._stack = ExitStack()
        self.restarts = 0
        #: Services that must not be restarted now.
        self.resting: set[str] = set()
        #: Seconds by which the clocks of services are ahead, from their next start on.
        self.ahead: dict[str, float] = {}

    def __enter__(self) -> Self:
        self.to_redis = self._stack.enter_context(Proxy(lambda: self.redis.port))
        self.to_economic = self._stack.enter_context(Proxy(lambda: self.port))
        #: Proxies whose way may be cut.
        self.ways = [self.to_redis, self.to_economic]
        if self.rabbitmq:
            self.ways.append(self._stack.enter_context(Proxy(lambda: self.rabbitmq.port if self.rabbitmq else 0)))
        super().__enter__()
        exports = self.folder / "exports.toml"
        exports.write_text(exports.read_text().replace(self.url, f"http://127.0.0.1:{self.to_economic.port}"))
        client = self._stack.enter_context(connect(Redis(url=SecretStr(self.redis.url))))
        self.store = RedisStore(client, prefix=PREFIX, policy=StorePolicy())
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        own = super().environment | {
            "REDIS_URL": self.redis.url.replace(f":{self.redis.port}/", f":{self.to_redis.port}/")
        }
        if self.rabbitmq:
            url = self.rabbitmq.url.replace(f":{self.rabbitmq.port}/", f":{self.ways[-1].port}/")
            own["OPTER_ECONOMIC_BROKER__URL"] = url
        return own

    def put_message(self, queue: str, body: bytes) -> None:
        """Put something into one of Celery's queues, as a stranger would."""
        if self.rabbitmq:
            self.rabbitmq.publish(queue, body)
            return
        with self.client() as client:
            client.lpush(queue_key(PREFIX, queue), body)

    def lose_messages(self, *queues: str) -> None:
        """Throw away what waits in Celery's queues."""
        for queue in queues:
            if self.rabbitmq:
                self.rabbitmq.purge(queue)
                continue
            with self.client() as client:
                client.delete(queue_key(PREFIX, queue))

    def own_environment(self, name: str) -> dict[str, str]:
        if not self.ahead.get(name):
            return {}
        folder = self.folder / "clock"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(_WRONG_CLOCK)
        path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, _AHEAD: str(self.ahead[name])}

    def start_service(self, name: str) -> None:
        arguments = ("intake",) if name == "intake" else ("worker", "--name", f"{name}@test")
        self.start(name, *arguments)

    def tend(self) -> None:
        """Start again what has died, as systemd, Kubernetes or ``up`` would."""
        for name in self.services:
            if not self.running(name) and name not in self.resting:
                self.restarts += name in self._processes
                self.start_service(name)

    def freeze(self, name: str) -> None:
        self.send_signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.send_signal(name, signal.SIGCONT)

    def records(self) -> list[InvoiceRecord]:
        return list(self.store.invoices(None, None))

    def agreement(self) -> dict[str, Any]:
        agreement: dict[str, Any] = next(iter(self.sandbox("GET", "state").values()))
        return agreement

    def number(self) -> str:
        number: str = next(iter(self.sandbox("GET", "state")))
        return number

    def exported(self, periods: Sequence[str]) -> int:
        """Return how many invoices are exported; 0 while Redis does not answer."""
        try:
            records = [self.store.period(period) for period in periods]
        except StoreUnavailable:
            return 0
        return sum(record.counts.get(State.EXPORTED, 0) for record in records if record)

    def until(self, holds: Callable[[], bool], what: str, *, seconds: float) -> float:
        """Tend the services until it holds; return how long that took."""
        began = time.monotonic()

        def tended() -> bool:
            self.tend()
            return holds()

        self.wait_for(tended, what, seconds=seconds)
        return time.monotonic() - began


@contextmanager
def cluster(
    folder: Path,
    exports: Mapping[str, str] | None = None,
    rabbitmq: RabbitMqServer | None = None,
    /,
    **settings: str,
) -> Iterator[Cluster]:
    """Give a running cluster with nothing to do yet."""
    with Cluster(folder, exports, rabbitmq, **settings) as running:
        running.tend()
        yield running
