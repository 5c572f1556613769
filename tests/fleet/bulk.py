"""Vouchers posted many at a time: calls of a period, one that is refused, and kills of real processes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from fleet.rows import Row
from support.bulk_harness import EXPORT, bar, installed, invoices, owed, to_be_refused, wanted
from support.chaos.methods import BULK_VOUCHER
from support.chaos.run_faults import run_faults

from worker.domain.record import State

#: Of the faults of real processes.
_SEED = 1


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
    with TemporaryDirectory(prefix="fleet-") as folder:
        outcome = run_faults(Path(folder), _SEED, count=240, seconds=30, method=BULK_VOUCHER)
    lost, doubled = len(outcome.lost), len(outcome.doubled)
    return (
        Row(
            what=f"bulk vouchers, 240 invoices, processes killed, cut, frozen for 30 s (seed {_SEED}): lost / doubled",
            bar="0 / 0",
            measured=f"{lost} / {doubled}",
            held=not outcome.wrong,
        ),
    )
