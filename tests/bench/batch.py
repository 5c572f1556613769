"""How soon a mended cause clears its dead letters, and what that costs a healthy agreement beside it."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Line, median
from bench.invoices import of_known_customers
from bench.stage import UNLIMITED
from support.installation import Installation, event
from support.samples import customer, invoice, line

from config.settings_sections import Redis
from worker.domain.batch import Batch, BatchState
from worker.domain.invoice import Invoice
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Sales accounts that no product group has: one cause each.
ACCOUNTS = ("3991", "3992", "3993", "3994", "3995")
#: Dead letters of each cause.
FAILED = 1000
#: Invoices of the healthy agreement's period.
HEALTHY = 400
LATENCY_MS = 50
#: Seconds from the question that shows a cause to be gone, to the end of its last invoice.
MOST_SECONDS = 60.0
#: A healthy agreement's time beside a batch over its time alone: it keeps nine tenths of its rate.
MOST_RATIO = 1 / 0.9
_LIMITS = f"limits = {{ tokens_per_minute = {UNLIMITED}, calls_per_day = {UNLIMITED} }}\n"
_PAUSES = {"self_clearing__first_pause": "1", "self_clearing__longest_pause": "2"}
#: The sick agreement of the sandbox: that of the second export.
_AGREEMENT = "417002"
_PATIENCE = 900.0


def measure() -> tuple[dict[str, float], list[Line]]:
    """Return the figures by their keys, and the lines of the table.

    The causes are mended one after the other; beside each batch a period of the healthy agreement is exported, and one
    alone after it.
    """
    exports = {"main": _LIMITS, "east": _LIMITS + 'self_clearing = "on"\n'}
    with TemporaryDirectory(prefix="bench-") as name, Installation(Path(name), exports=exports, **_PAUSES) as on:
        switches = {"rate_limit": UNLIMITED, "daily_calls": UNLIMITED, "latency_ms": LATENCY_MS}
        on.sandbox("PATCH", "switches", switches)
        on.start_all()
        bench = _Bench(on)
        bench.fail()
        bench.export()  # warms the worker
        alone, beside, seconds = [bench.export()], [], []
        for account in ACCOUNTS:
            taken, cleared = bench.clear(account)
            beside.append(taken)
            seconds.append(cleared)
            alone.append(bench.export())
    usual = statistics.median(alone)
    ratios = [each / usual for each in beside]
    figures = {"seconds": max(seconds), "healthy_ratio": statistics.median(ratios)}
    return figures, [
        Line(
            what=f"s until {FAILED:,} dead letters are exported",
            value=max(seconds),
            measured=tuple(seconds),
            note=f"the longest, from the question that finds their cause gone; at most {MOST_SECONDS:.0f}",
        ),
        median("time of a healthy period beside it", ratios, f"over alone, {usual:.1f} s; at most {MOST_RATIO:.2f}"),
    ]


class _Bench:
    """Two agreements on one worker: ``main`` is healthy, ``east`` has dead letters."""

    def __init__(self, on: Installation) -> None:
        self._on = on
        self._period = 0

    def fail(self) -> None:
        """Let all invoices of the sick agreement become dead letters."""
        failing = [one for account in ACCOUNTS for one in _failing(account)]
        period = self._push("east", failing)
        self._on.wait_for(
            lambda: self._on.counts(period) == {"dead": len(failing)}, "all have failed", seconds=_PATIENCE
        )

    def export(self) -> float:
        """Return the seconds that a period of the healthy agreement takes."""
        began = time.monotonic()
        period = self._push("main", of_known_customers(HEALTHY, first=1000 * (self._period + 1)))
        exported = {"exported": HEALTHY}
        self._on.wait_for(lambda: self._on.counts(period) == exported, "the healthy period", seconds=_PATIENCE)
        return time.monotonic() - began

    def clear(self, account: str) -> tuple[float, float]:
        """Mend one cause; return the seconds of a healthy period beside its batch, and of the batch itself.

        Raises:
            AssertionError: a batch ended before the healthy period did, or one of its invoices failed, so that
                nothing was measured.

        """
        before = len(self._batches())
        group = 900 + ACCOUNTS.index(account)
        for zone in range(1, 5):
            self._on.sandbox("PUT", f"agreements/{_AGREEMENT}/sales_accounts/{group}-{zone}", 3010)
        self._on.sandbox("PUT", f"agreements/{_AGREEMENT}/product_groups/{group}", {"name": account})
        self._on.wait_for(lambda: len(self._batches()) > before, "the cause is found gone", seconds=_PATIENCE)
        taken = self.export()
        assert self._last().state is BatchState.RUNNING, "the batch ended before the period beside it"
        self._on.wait_for(lambda: self._last().state is BatchState.DONE, "the batch ends", seconds=_PATIENCE)
        last = self._last()
        assert last.exported == FAILED, f"{last.failed} failed, {last.left} were left"
        return taken, last.ended_at - last.confirmed_at

    def _batches(self) -> Sequence[Batch]:
        with self._on.client() as client:
            return RedisStore(client, prefix=Redis().prefix, policy=StorePolicy()).batches()

    def _last(self) -> Batch:
        return max(self._batches(), key=lambda batch: batch.confirmed_at)

    def _push(self, export: str, invoices: Sequence[Invoice]) -> str:
        self._period += 1
        number = self._period
        name = f"bench {number}"
        self._on.push(event(*invoices, export=export, event_id=f"bench-{number}", period=number, name=name))
        return f"{export}-p{number}"


def _failing(account: str) -> list[Invoice]:
    first = 500_000 + 2_000 * ACCOUNTS.index(account)
    return [
        invoice(
            line(f"{100 + n % 900}.50", account=account),
            invoice_number=first + n,
            customer=customer(code=f"C-{n % 20}", ledger_number=1001 + n % 20, corporate_id=None),
        )
        for n in range(FAILED)
    ]
