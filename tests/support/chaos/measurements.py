"""The bars that need real processes and real seconds."""

import signal
import time
from pathlib import Path

from support.chaos.cluster import SHORT, Cluster, cluster
from support.chaos.invariants import check_invariants
from support.chaos.outcome import Outcome
from support.chaos.simulated import Rate, rate
from support.installation import event
from support.samples import mixed_invoices

from worker.domain.record import InvoiceRecord, State

PERIOD = "main-p881"


def killed_worker(folder: Path, *, count: int, begun: frozenset[State]) -> float:
    """Return the seconds from kill -9 of a worker, never replaced, until all in one of these states has moved.

    Default settings. An invoice has moved when another worker has claimed it. One whose execution ends by itself
    was the other worker's: it met a customer that the killed one was creating, and waits its turn like any other.
    """
    with cluster(folder) as running:
        running.until(lambda: all("ready" in running.log(f"worker-{n}") for n in (1, 2)), "both are up", seconds=60)
        running.sandbox("PATCH", "switches", {"latency_ms": 500})
        running.push(event(*mixed_invoices(count)))
        running.until(lambda: "invoice_export" in running.log("worker-1"), "the first worker is at it", seconds=60)
        running.resting.add("worker-1")
        running.kill("worker-1", signal.SIGKILL)
        left = {record.id: record.fence for record in running.records() if record.state in begun}
        assert left
        others: set[str] = set()

        def moved() -> bool:
            records = [record for record in running.records() if record.id in left and record.id not in others]
            others.update(
                record.id for record in records if record.state is State.WAITING and record.fence == left[record.id]
            )
            return all(
                record.fence > left[record.id] or record.state is State.EXPORTED
                for record in records
                if record.id not in others
            )

        seconds = running.until(moved, "all move again", seconds=120)
        assert others < left.keys(), "the killed worker held none"
        return seconds


def redis_back(folder: Path, *, count: int = 400) -> float:
    """Return the seconds from Redis answering again until 21 more invoices are exported. Default settings."""
    with cluster(folder) as running:
        running.sandbox("PATCH", "switches", {"latency_ms": 100})
        running.push(event(*mixed_invoices(count)))
        running.until(lambda: running.exported([PERIOD]) >= 20, "the first are exported", seconds=60)
        running.redis.kill()
        time.sleep(5)
        running.redis.start()
        running.until(lambda: running.exported([PERIOD]) > 0, "Redis answers", seconds=60)
        before = running.exported([PERIOD])
        assert before + 20 < count
        # More than the slots that may have held a finished one back.
        return running.until(lambda: running.exported([PERIOD]) > before + 20, "they move again", seconds=120)


def poison(folder: Path, *, count: int = 60) -> tuple[InvoiceRecord, list[str], int]:
    """Let one invoice kill the workers each time it is drafted; return its record, what is wrong elsewhere, the kills.

    All workers are killed, so its neighbours die with it; a short lease, and the default of three executions.
    """
    every = mixed_invoices(count)
    bad = f"main-{every[count // 2].invoice_number}"
    with cluster(folder, None, **SHORT) as running:
        running.sandbox("PATCH", "switches", {"latency_ms": 20})
        slow = {"route": "POST /invoices/drafts", "body_contains": bad, "action": "delay", "delay": 2.0, "times": None}
        running.sandbox("POST", "faults", slow)
        running.push(event(*every))
        kills = _kill_whoever_drafts(running, bad)
        running.until(lambda: _rests(running, count), "everything rests", seconds=120)
        outcome = Outcome(seed=0, invoices=count)
        others = [invoice for invoice in every if f"main-{invoice.invoice_number}" != bad]
        check_invariants(running, others, outcome, wiped=False)
        [record] = [record for record in running.records() if record.id == bad]
    wrong = [text for text in outcome.wrong if bad not in text and "stray draft" not in text]
    return record, wrong, kills


def _kill_whoever_drafts(running: Cluster, bad: str) -> int:
    """Kill all workers a moment after the invoice was claimed and its customer is known, until it is dead."""
    seen: set[int] = set()

    def dead() -> bool:
        record = running.store.invoice(bad)
        if record is None or record.state is not State.EXPORTING or record.fence in seen:
            return record is not None and record.state is State.DEAD
        if record.progress.intent:
            seen.add(record.fence)
            for name in ("worker-1", "worker-2"):
                running.kill(name, signal.SIGKILL)
        return False

    running.until(dead, "the invoice is a dead letter", seconds=180)
    return len(seen)


def _rests(running: Cluster, count: int) -> bool:
    records = running.records()
    return len(records) == count and all(record.state in {State.EXPORTED, State.DEAD} for record in records)


def scarce(folder: Path, *, granted: int = 900, minutes: float = 2.0) -> Rate:
    """Export with two workers what a small bucket does not let pass; measure some minutes in the middle."""
    with cluster(folder) as running:
        running.sandbox("PATCH", "switches", {"rate_limit": granted})
        running.push(event(*mixed_invoices(int(granted * (minutes + 2) / 6))))
        running.until(lambda: running.exported([PERIOD]) > 0, "the first are exported", seconds=60)
        since = time.time() + 20  # the first burst is over
        running.until(lambda: time.time() > since + 60 * minutes, "time passes", seconds=60 * minutes + 60)
        entries = running.sandbox("GET", "requests")["requests"]
    return rate(entries, since, minutes, granted)
