"""An installation set up for measuring: rate limits out of the way, periods of known customers, exact times."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from bench.bare import process
from support.installation import Installation, event

from config.settings_sections import Redis
from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord, State
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Tokens a minute, and calls a day: so many that neither e-conomic's limit nor our rate limiter is what is measured.
UNLIMITED = 9_000_000
#: Seconds that any step may take before the benchmark gives up.
PATIENCE = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What the export of one period took."""

    invoices: int
    #: HTTP calls that the sandbox saw, the period check's lookups included.
    calls: int
    #: Seconds from the event's LPUSH to the last invoice's end.
    wall: float
    #: Seconds from the event's LPUSH to the first write.
    before_first_write: float


class Stage:
    """Pushes periods and waits for what becomes of them."""

    def __init__(self, installation: Installation, client: redis.Redis) -> None:
        self.installation = installation
        self._store = RedisStore(client, prefix=Redis().prefix, policy=StorePolicy())
        self._period = 0

    def latency(self, milliseconds: float) -> None:
        """Let every call to the sandbox take at least this long."""
        self.installation.sandbox("PATCH", "switches", {"latency_ms": milliseconds})

    def check(self, invoices: list[Invoice]) -> tuple[float, list[InvoiceRecord]]:
        """Have a period checked by the worker that runs; return when its event was pushed, and its queued invoices."""
        push = self._close(invoices)
        began = time.time()
        period = push()
        self._wait(period, State.QUEUED, len(invoices))
        return began, self._records(period)

    def export(self, invoices: list[Invoice]) -> Exported:
        """Have a period exported by the workers that run, and measure it."""
        seen = len(self.requests(0))
        push = self._close(invoices)
        began = time.time()
        period = push()
        self.await_requests(seen + 2 * len(invoices))
        self._wait(period, State.EXPORTED, len(invoices))
        calls = self.requests(seen)
        ended = max(record.updated_at for record in self._records(period))
        written = min(call["at"] for call in calls if call["method"] == "POST")
        return Exported(
            invoices=len(invoices), calls=len(calls), wall=ended - began, before_first_write=written - began
        )

    def requests(self, after: int) -> list[Any]:
        """Return the requests that the sandbox has seen, without the first ones."""
        requests: list[Any] = self.installation.sandbox("GET", f"requests?after={after}")["requests"]
        return requests

    def await_requests(self, count: int) -> None:
        """Wait until the sandbox has seen so many; Redis is left alone meanwhile, as its commands may be counted."""
        seen = f"{count} requests seen"
        self.installation.wait_for(lambda: bool(self.requests(count - 1)), seen, seconds=PATIENCE)

    def _close(self, invoices: list[Invoice]) -> Callable[[], str]:
        """Close a period with these invoices; return what pushes its event, which returns the period's id."""
        self._period += 1
        number = self._period
        closed = json.dumps(
            event(*invoices, event_id=f"bench-{number}", period=number, name=f"bench {number}")
        ).encode()

        def push() -> str:
            self.installation.push(closed)
            return f"main-p{number}"

        return push

    def _wait(self, period: str, state: State, count: int) -> None:
        """Wait until so many invoices of the period are in this state."""
        self.installation.wait_for(
            lambda: self._healthy(period).get(state, 0) == count, f"{count} invoices {state}", seconds=PATIENCE
        )

    def _records(self, period: str) -> list[InvoiceRecord]:
        return list(self._store.invoices(period, None))

    def _healthy(self, period: str) -> Mapping[State, int]:
        record = self._store.period(period)
        if record is None:
            return {}
        assert State.DEAD not in record.counts, f"invoices died, so nothing was measured: {record.notice}"
        return record.counts


@contextmanager
def stage(
    folder: Path, entry: str, *, wrap: Callable[[list[str]], list[str]] = lambda command: command, **settings: str
) -> Iterator[Stage]:
    """Give an installation with its intake running.

    Args:
        folder: for its files.
        entry: further lines of its export.
        wrap: what the intake's command line becomes.
        settings: ``OPTER_ECONOMIC_`` variables.

    """
    limits = f"limits = {{ tokens_per_minute = {UNLIMITED}, calls_per_day = {UNLIMITED} }}\n"
    intake = wrap([sys.executable, "-P", "-m", "worker", "intake"])
    with (
        Installation(folder, exports={"main": limits + entry}, **settings) as installation,
        installation.client() as client,
    ):
        installation.sandbox("PATCH", "switches", {"rate_limit": UNLIMITED, "daily_calls": UNLIMITED})
        with process(installation, intake):
            yield Stage(installation, client)
