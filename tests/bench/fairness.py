"""What a sick agreement costs a healthy one on the same worker, as a ratio of two times of one run."""

import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.figures import Line
from bench.invoices import of_known_customers
from bench.stage import UNLIMITED
from support.installation import Installation, event

from config.settings_sections import Redis
from worker.domain.reasons import ProcessReason, failure
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

INVOICES = 150
LATENCY_MS = 50
#: Export -> how its agreement is sick.
AILMENTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "east": ("answers 503", {"route": "*", "status": 503}),
    "north": ("answers 429", {"route": "POST *", "status": 429}),
    "south": ("answers in 8 s", {"route": "POST *", "action": "delay", "delay": 8.0}),
    "west": ("is a black hole", {"route": "*", "action": "drop", "delay": 60.0}),
}
#: Periods measured beside each, one alone after each.
ROUNDS = 3
#: The most that it may cost: the healthy period's time beside it, over its time alone in between; medians of both.
MOST_RATIO = 1.10
_FIRST_AGREEMENT = 417_001
_LIMITS = f"limits = {{ tokens_per_minute = {UNLIMITED}, calls_per_day = {UNLIMITED} }}\n"
_PATIENCE = 300.0
_MEASURED = failure(ProcessReason.BUSY, "It has been measured.")


def measure() -> tuple[Mapping[str, float], list[Line]]:
    """Return the worst ratio and the lines of the table."""
    exports = dict.fromkeys(("main", *AILMENTS), _LIMITS)
    with TemporaryDirectory(prefix="bench-") as name, Installation(Path(name), exports=exports) as installation:
        switches = {"rate_limit": UNLIMITED, "daily_calls": UNLIMITED, "latency_ms": LATENCY_MS}
        installation.sandbox("PATCH", "switches", switches)
        installation.start_all()
        periods = _Periods(installation)
        periods.export()  # warms the worker
        lines = [_beside(export, ailment, periods) for export, (ailment, _) in AILMENTS.items()]
    return {"worst_ratio": max(line.value for line in lines)}, lines


def _beside(export: str, ailment: str, periods: "_Periods") -> Line:
    """Alternate, so that what else the machine does falls on both; the first time beside is that of the first calls."""
    alone, beside = [periods.export()], []
    periods.make_sick(export)
    for _ in range(ROUNDS):
        beside.append(periods.export())
        periods.pause(export)
        alone.append(periods.export())
        periods.resume(export)
    periods.pause(export)
    usual = statistics.median(alone)
    note = f"{usual:.1f} s alone"
    return Line(
        what=f"time beside one that {ailment}, over alone",
        value=statistics.median(beside) / usual,
        measured=tuple(each / usual for each in beside),
        note=note,
    )


class _Periods:
    """Pushes periods of the exports and waits for those of ``main``."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._number = 0

    def export(self) -> float:
        """Return the seconds that a period of ``main`` takes."""
        began = time.monotonic()
        self._push("main")
        period = f"main-p{self._number}"
        self._installation.wait_for(
            lambda: self._installation.counts(period).get("exported") == INVOICES, period, seconds=_PATIENCE
        )
        return time.monotonic() - began

    def make_sick(self, export: str) -> None:
        """Have a period of another export begun whose agreement is sick for good."""
        agreement = _FIRST_AGREEMENT + 1 + list(AILMENTS).index(export)
        fault = {**AILMENTS[export][1], "agreement": agreement, "times": None}
        self._installation.sandbox("POST", "faults", [fault])
        seen = len(self._calls(agreement))
        self._push(export)
        self._installation.wait_for(
            lambda: len(self._calls(agreement)) > seen, f"{export} is called", seconds=_PATIENCE
        )

    def pause(self, export: str) -> None:
        """Have nothing more begun of an export, so that it disturbs no later measurement."""
        with self._installation.client() as client:
            RedisStore(client, prefix=Redis().prefix, policy=StorePolicy()).pause(export, _MEASURED)

    def resume(self, export: str) -> None:
        """Have it go on."""
        with self._installation.client() as client:
            RedisStore(client, prefix=Redis().prefix, policy=StorePolicy()).resume(export)

    def _calls(self, agreement: int) -> list[Any]:
        requests = self._installation.sandbox("GET", "requests")["requests"]
        return [request for request in requests if request["agreement"] == agreement]

    def _push(self, export: str) -> None:
        self._number += 1
        number = self._number
        invoices = of_known_customers(INVOICES, first=1000 * number)
        self._installation.push(
            event(*invoices, export=export, event_id=f"bench-{number}", period=number, name=f"bench {number}")
        )
