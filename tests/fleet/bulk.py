"""Vouchers posted many at a time: calls of a period, one that is refused, and kills of real processes."""

import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from fleet.rows import Row
from support.bulk_harness import EXPORT, bar, installed, invoices, owed, reference_of, to_be_refused, wanted
from support.chaos.methods import BULK_VOUCHER
from support.installation import SHORT_LEASES, Installation, event
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice
from worker.domain.record import State
from worker.sandbox.resources.voucher_schema import entries_of

#: Of the moments at which real processes are killed, and how many invoices they export; seconds for them.
_SEED, _KILLED, _PATIENCE = 1, 200, 600.0


def play(short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    """Post in process, then with real processes that are killed."""
    return (*_in_process(100 if short else 500), *(() if short else _killed()))


def _in_process(count: int) -> Sequence[Row]:
    harness, every = installed(EXPORT), invoices(count)
    refused = count // 3
    every[refused] = to_be_refused(every[refused])
    harness.close_period(*every)
    harness.check()
    bar(harness)
    harness.until_rest(most=1000)
    posts = [entry for entry in harness.sandbox.server_state.request_log.entries if entry.method == "POST"]
    states = Counter(record.state for record in harness.records())
    per_invoice = len(posts) / count
    others = [each for n, each in enumerate(every) if n != refused]
    whole = owed(harness) == wanted(*others) and states[State.DEAD] == 1
    return (
        Row(
            what=f"posting calls an invoice, {count} vouchers by `voucher.bulk`, one of them refused",
            bar="at most 0.1" if count >= 500 else "",
            measured=f"{per_invoice:.3f}",
            held=count < 500 or per_invoice <= 0.1,
        ),
        Row(
            what="the one that e-conomic refuses fails alone, the others stand once, to the øre",
            bar="all",
            measured=f"{states[State.EXPORTED]} posted, {states[State.DEAD]} failed",
            held=whole,
        ),
    )


def _killed() -> Sequence[Row]:
    """Kill one of two workers six times while single entries are posted together."""
    chance, every = random.Random(_SEED), [_single(number) for number in range(_KILLED)]  # repeatability, not secrecy
    exports, settings = {"main": BULK_VOUCHER.entry}, {**SHORT_LEASES, **BULK_VOUCHER.settings}
    with TemporaryDirectory(prefix="fleet-") as folder, Installation(Path(folder), exports=exports, **settings) as on:
        on.sandbox("PATCH", "switches", {"latency_ms": 150})
        on.start_all(workers=2)
        on.push(event(*every))
        on.wait_for(lambda: on.counts().get("exported", 0) > 0, "the first are exported", seconds=_PATIENCE)
        for turn in range(6):
            time.sleep(chance.uniform(0.1, 0.8))
            name = f"worker-{1 + turn % 2}"
            on.kill(name, signal.SIGKILL)
            on.start(name, "worker", "--name", f"{name}@test")
        on.wait_for(lambda: on.counts() == {"exported": _KILLED}, "all are exported", seconds=_PATIENCE)
        vouchers = next(iter(on.sandbox("GET", "state").values()))["vouchers"].values()
        calls = [each["path"] for each in on.sandbox("GET", "requests")["requests"] if each["method"] == "POST"]
    standing = Counter(reference_of(entry) for voucher in vouchers for _, entry in entries_of(voucher))
    lost = [each for each in every if not standing[f"main-{each.invoice_number}"]]
    doubled = [reference for reference, times in standing.items() if times > 1]
    together = sum(path.endswith("/bulk") for path in calls)
    return (
        Row(
            what=f"{_KILLED} bulk vouchers, two real workers killed six times (seed {_SEED}): lost / doubled",
            bar="0 / 0",
            measured=f"{len(lost)} / {len(doubled)}, by {together} calls for many",
            held=not (lost or doubled) and together > 0,
        ),
    )


def _single(number: int) -> Invoice:
    known = customer(code=f"C-{number % 20}", ledger_number=1001 + number % 20, corporate_id=None)
    return invoice(line(f"{100 + number}.00"), invoice_number=700_001 + number, customer=known)
