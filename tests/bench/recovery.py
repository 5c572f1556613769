"""How long a resumed export takes beside few idle exports and beside many, as a ratio of two times of one run."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Line
from bench.invoices import of_known_customers
from bench.stage import UNLIMITED
from support.installation import Installation, event

from config.names import export_queue, queue_key
from config.settings_sections import Redis
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

INVOICES = 150
LATENCY_MS = 50
FEW, MANY = 2, 200
#: The most that the many may cost.
MOST_RATIO = 1.25
_LIMITS = f"limits = {{ tokens_per_minute = {UNLIMITED}, calls_per_day = {UNLIMITED} }}\n"
_PATIENCE = 300.0
_PERIOD = "main-p1"


def measure() -> tuple[Mapping[str, float], list[Line]]:
    """Return the ratio and the lines of the table."""
    few, many = _recovery(FEW), _recovery(MANY)
    lines = [
        Line(what=f"seconds beside {FEW} idle exports", value=few),
        Line(what=f"seconds beside {MANY} idle exports", value=many),
        Line(what="the latter over the former", value=many / few),
    ]
    return {"ratio": many / few}, lines


def _recovery(idle: int) -> float:
    """Return the seconds from the end of a pause to the last invoice."""
    names = [f"idle{number}" for number in range(idle)]
    exports = dict.fromkeys(("main", *names), _LIMITS)
    with TemporaryDirectory(prefix="bench-") as name, Installation(Path(name), exports=exports) as installation:
        switches = {"rate_limit": UNLIMITED, "daily_calls": UNLIMITED, "latency_ms": LATENCY_MS}
        installation.sandbox("PATCH", "switches", switches)
        installation.start_all()
        for number, idler in enumerate(names, start=1):  # each has had a period before, so that the store knows it
            invoices = of_known_customers(1, first=number)
            installation.push(event(*invoices, export=idler, event_id=idler, period=number, name=idler))
        installation.sandbox(
            "POST", "faults", [{"route": "POST *", "agreement": 417_001, "status": 401, "times": None}]
        )
        installation.push(event(*of_known_customers(INVOICES, first=1), event_id="main", period=1, name="main"))
        installation.wait_for(
            lambda: all(
                installation.counts(f"{idler}-p{number}") == {"exported": 1}
                for number, idler in enumerate(names, start=1)
            ),
            "the others are idle",
            seconds=_PATIENCE,
        )
        installation.wait_for(lambda: _paused(installation), "the refused export is paused", seconds=_PATIENCE)
        installation.sandbox("DELETE", "faults")
        with installation.client() as client:
            RedisStore(client, prefix=Redis().prefix, policy=StorePolicy()).resume("main")
        began = time.monotonic()
        installation.wait_for(
            lambda: installation.counts(_PERIOD) == {"exported": INVOICES}, "all are exported", seconds=_PATIENCE
        )
        return time.monotonic() - began


def _paused(installation: Installation) -> bool:
    """All wait for the pause to end, and no message is under way."""
    with installation.client() as client:
        paused = "main" in RedisStore(client, prefix=Redis().prefix, policy=StorePolicy()).paused()
        waiting = client.llen(queue_key(Redis().prefix, export_queue("main")))
    counts = installation.counts(_PERIOD)
    return paused and not waiting and counts.get("queued", 0) + counts.get("waiting", 0) == INVOICES
