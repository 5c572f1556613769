"""An installation set up for measuring: rate limits out of the way, periods of known customers, exact times."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from support.installation import Installation, event

from config.settings_sections import Redis
from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord, State
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Tokens a minute, and calls a day: so many that neither e-conomic's limit nor our rate gate is what is measured.
UNLIMITED = 9_000_000
#: Seconds that any step may take before the benchmark gives up.
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What the export of one period took."""

    invoices: int
    #: HTTP calls that the sandbox saw, the preflight's looks included.
    calls: int
    #: Seconds from the event's LPUSH to the last invoice's end.
    wall: float
    #: Seconds from the event's LPUSH to the first write.
    before_first_write: float


class Stage:
    """Pushes periods and waits for what becomes of them."""

    def __init__(self, installation: Installation, client: redis.Redis) -> None:
        self.installation = installation
        self._ledger = RedisStore(client, prefix=Redis().prefix, policy=StorePolicy())
        self._period = 0

    def latency(self, milliseconds: float) -> None:
        """Let every call to the sandbox take at least this long."""
        self.installation.sandbox("PATCH", "switches", {"latency_ms": milliseconds})

    def check(self, invoices: list[Invoice]) -> list[InvoiceRecord]:
        """Have a period checked by the worker that runs; return its queued invoices."""
        period = self._push(invoices)
        self._wait(period, State.QUEUED, len(invoices))
        return self._records(period)

    def export(self, invoices: list[Invoice]) -> Exported:
        """Have a period exported by the workers that run, and measure it."""
        seen = len(self._journal(0))
        began = time.time()
        period = self._push(invoices)
        self._wait(period, State.EXPORTED, len(invoices))
        calls = self._journal(seen)
        ended = max(record.updated_at for record in self._records(period))
        written = min(call["at"] for call in calls if call["method"] == "POST")
        return Exported(
            invoices=len(invoices), calls=len(calls), wall=ended - began, before_first_write=written - began
        )

    def _push(self, invoices: list[Invoice]) -> str:
        """Close a period with these invoices; return its id."""
        self._period += 1
        number = self._period
        self.installation.push(event(*invoices, event_id=f"bench-{number}", period=number, name=f"bench {number}"))
        return f"main-p{number}"

    def _wait(self, period: str, state: State, count: int) -> None:
        """Wait until so many invoices of the period are in this state."""
        self.installation.wait_for(
            lambda: self._healthy(period).get(state, 0) == count, f"{count} invoices {state}", seconds=PATIENCE
        )

    def _records(self, period: str) -> list[InvoiceRecord]:
        return list(self._ledger.invoices(period, None))

    def _healthy(self, period: str) -> Mapping[State, int]:
        found = self._ledger.period(period)
        if found is None:
            return {}
        assert State.DEAD not in found.counts, f"invoices died, so nothing was measured: {found.notice}"
        return found.counts

    def _journal(self, after: int) -> list[Any]:
        found: list[Any] = self.installation.sandbox("GET", f"requests?after={after}")["requests"]
        return found


@contextmanager
def stage(folder: Path, entry: str, **settings: str) -> Iterator[Stage]:
    """Give an installation with intake and one worker; ``entry`` is further lines of its export."""
    limits = f"limits = {{ tokens_per_minute = {UNLIMITED}, calls_per_day = {UNLIMITED} }}\n"
    with Installation(folder, exports={"main": limits + entry}, **settings) as running, running.client() as client:
        running.sandbox("PATCH", "switches", {"rate_limit": UNLIMITED, "daily_calls": UNLIMITED})
        running.start("intake", "intake")
        yield Stage(running, client)
