"""Two hundred exports, each with its own agreement, on one worker: fairness between them, and the worker's memory."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.invoices import CUSTOMERS, of_known_customers
from fleet.rows import Row
from support.installation import Installation, event

from config.settings_sections import Redis
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Exports, invoices of each but the first, and of the first: one haulier closes a large period.
_EXPORTS, _EACH, _LARGE = 200, 450, 10_450
_SHORT = 20, 15, 60
#: Invoices of each export that go before: as many as have customers of their own.
_WARM = CUSTOMERS
_LATENCY_MS = 50
#: Tokens that an agreement grants in a minute, as e-conomic was measured to (10,000 in 60 seconds).
_TOKENS = 10_000
_HOUR = 3600.0
_MOST_WAIT, _MOST_GROWTH = 2.0, 1.10


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    #: Seconds from the first event to each export's last invoice, by export, and how many invoices it had.
    ended: Mapping[str, float]
    counts: Mapping[str, int]
    #: Resident memory of the worker in MiB: once a quarter is exported, with the clients of every export open in every
    #: thread, and in the end.
    early: float
    late: float


def play(short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    """Close a period of every export at once, twice: the second time everything is known."""
    exports, each, large = _SHORT if short else (_EXPORTS, _EACH, _LARGE)
    run = _run(exports, each, large)
    ratios = _ratios(run)
    worst = max(ratios, key=lambda name: ratios[name])
    growth = run.late / run.early
    total, taken = sum(run.counts.values()), max(run.ended.values())
    return (
        Row(
            what=f"seconds for {total:,} invoices of {exports} agreements on one worker, each granted {_TOKENS:,} "
            "tokens a minute",
            bar=f"at most {_HOUR:,.0f}",
            measured=f"{taken:,.0f} ({total / taken:.0f} a second)",
            held=taken <= _HOUR,
        ),
        Row(
            what=f"of these, {large:,} of one agreement and {each} of each other, at {_LATENCY_MS} ms a call: the "
            "longest time of an export over its fair share",
            bar=f"at most {_MOST_WAIT:g}",
            measured=f"{ratios[worst]:.2f}",
            held=ratios[worst] <= _MOST_WAIT,
        ),
        Row(
            what="memory of the worker at their end, over that after a quarter of them",
            bar="" if short else f"at most {_MOST_GROWTH}",
            measured=f"{growth:.2f} ({run.early:.0f}, {run.late:.0f} MiB)",
            held=short or growth <= _MOST_GROWTH,
        ),
    )


def _ratios(run: _Run) -> dict[str, float]:
    """Return each export's time over what it would take if all shared the worker evenly for as long as they need it."""
    rate = sum(run.counts.values()) / max(run.ended.values())
    fair = {name: sum(min(count, other) for other in run.counts.values()) / rate for name, count in run.counts.items()}
    return {name: run.ended[name] / fair[name] for name in run.counts}


def _run(exports: int, each: int, large: int) -> _Run:
    names = ["main", *(f"haulier{number}" for number in range(1, exports))]
    counts = {name: large if name == "main" else each for name in names}
    limits = f"limits = {{ tokens_per_minute = {_TOKENS} }}\n"
    entries = dict.fromkeys(names, limits)
    with TemporaryDirectory(prefix="fleet-") as folder, Installation(Path(folder), exports=entries) as on:
        on.sandbox("PATCH", "switches", {"rate_limit": _TOKENS, "latency_ms": _LATENCY_MS})
        on.start_all()
        _close(on, dict.fromkeys(names, _WARM), period=1)
        _await(on, dict.fromkeys(names, _WARM), period=1)
        began = time.time()
        _close(on, counts, period=2)
        quarter = sum(counts.values()) // 4
        on.wait_for(lambda: _exported(on, names, period=2) >= quarter, "a quarter is exported", seconds=_HOUR)
        early = _resident(on.pid("worker-1"))
        ended = _await(on, counts, period=2)
        late = _resident(on.pid("worker-1"))
    return _Run(ended={name: at - began for name, at in ended.items()}, counts=counts, early=early, late=late)


def _close(on: Installation, counts: Mapping[str, int], *, period: int) -> None:
    for number, (name, count) in enumerate(counts.items()):
        first = 10_000_000 * period + 10_000 * number
        identity = f"{name}-{period}"
        on.push(
            event(*of_known_customers(count, first=first), export=name, event_id=identity, period=period, name=identity)
        )


def _await(on: Installation, counts: Mapping[str, int], *, period: int) -> dict[str, float]:
    """Return when the last invoice of each export's period was exported; seconds since the epoch."""
    with on.client() as client:
        store = RedisStore(client, prefix=Redis().prefix, policy=StorePolicy())

        def rests() -> bool:
            records = {name: store.period(f"{name}-p{period}") for name in counts}
            return all(record and record.counts == {"exported": counts[name]} for name, record in records.items())

        on.wait_for(rests, "every export has come to its end", seconds=_HOUR)
        return {name: max(record.updated_at for record in store.invoices(f"{name}-p{period}", None)) for name in counts}


def _exported(on: Installation, names: Sequence[str], *, period: int) -> int:
    return sum(on.counts(f"{name}-p{period}").get("exported", 0) for name in names)


def _resident(pid: int) -> float:
    """Return the memory that a process has, in MiB (``man 5 proc_pid_status``)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
