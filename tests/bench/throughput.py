"""How near the export of a large period comes to what its calls alone take, and to a plain Celery and httpx script."""

import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import bare
from bench.figures import Line, median
from bench.invoices import of_known_customers
from bench.stage import Exported, Stage, stage

from config.settings_sections import Worker

#: Milliseconds that e-conomic is taken to need for a call.
LATENCY = 50.0
INVOICES = 2000
ROUNDS = 3
SLOTS: int = Worker().concurrency
#: Time taken, from the event's LPUSH, over the time that the calls alone take when every slot is busy with one.
MOST_OVERHEAD = 1.15
#: Our speed over that of the plain script, at least.
LEAST_SHARE = 0.85
#: Calls of one invoice: draft, booking.
_CALLS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Round:
    """One period by us, and as many invoices by the plain script, in turn."""

    ours: Exported
    #: Seconds from the first write to the last end.
    writing: float
    #: Seconds that the plain script took.
    plain: float


def measure(invoices: int = INVOICES, rounds: int = ROUNDS) -> tuple[dict[str, float], list[Line]]:
    """Return the figures by their keys, and the lines of the table.

    Each round has an installation of its own: the sandbox looks through all that it holds, so that a round on the books
    of those before it would measure that.
    """
    measured = [_round(invoices) for _ in range(rounds)]
    overheads = [_overhead(each.ours.wall, each.ours.calls) for each in measured]
    shares = [each.plain / each.ours.wall for each in measured]
    figures = {"overhead_ratio": statistics.median(overheads), "share_of_plain": statistics.median(shares)}
    return figures, [
        median("overhead ratio", overheads, f"time from LPUSH / (calls x latency / slots); at most {MOST_OVERHEAD}"),
        median("s before the first write", [each.ours.before_first_write for each in measured], "intake and check"),
        median(
            "overhead ratio of writing",
            [_overhead(each.writing, _CALLS * invoices) for each in measured],
            "the same from the first write on",
        ),
        median(
            "overhead ratio, plain script",
            [_overhead(each.plain, _CALLS * invoices) for each in measured],
            "Celery and httpx, the same two requests, no record of anything",
        ),
        median("share of its speed", shares, f"intake and check included; at least {LEAST_SHARE}"),
        median("invoices/s", [invoices / each.ours.wall for each in measured], f"{LATENCY:.0f} ms, {SLOTS} slots"),
    ]


def _overhead(seconds: float, calls: int) -> float:
    return seconds / (calls * LATENCY / 1000 / SLOTS)


def _round(invoices: int) -> _Round:
    pool = ("--pool", "threads", "--concurrency", str(SLOTS))
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        stage(Path(folder), "", certificates__after_export="false") as on,  # certificates have lines of their own
    ):
        installation = on.installation
        installation.start("worker", "worker")
        on.latency(LATENCY)
        on.export(of_known_customers(60, first=100_000))  # warms master data, customers, products and every slot
        bodies = installation.folder / "bodies.json"
        bodies.write_text(json.dumps(_bodies(on)))
        ours = on.export(of_known_customers(invoices, first=200_000))
        with bare.celery(installation, "bench.bare", *pool, **{bare.BODIES: str(bodies)}):
            _plain(on, 60, first=500_000)  # as warm as ours
            plain = _plain(on, invoices, first=600_000)
    return _Round(ours=ours, writing=ours.wall - ours.before_first_write, plain=plain)


def _bodies(on: Stage) -> dict[str, Any]:
    """Return the last draft and booking that our worker sent, for the plain task to send likewise."""
    sent = {call["path"]: call["body"] for call in on.requests(0) if call["method"] == "POST"}
    return {"url": on.installation.url, "draft": sent["/invoices/drafts"], "booking": sent["/invoices/booked"]}


def _plain(on: Stage, count: int, *, first: int) -> float:
    """Return the seconds from the first message to the last answer of the plain script."""
    seen = len(on.requests(0))
    began = time.time()
    bare.publish(on.installation, "two_requests", list(range(first, first + count)))
    on.await_requests(seen + _CALLS * count)
    last: float = max(call["at"] for call in on.requests(seen))
    time.sleep(0.2)  # the last task ends after its answer
    return last + LATENCY / 1000 - began
