"""What a lossy way to e-conomic costs a period: a ratio of simulated times, the rate limiter on a real Redis."""

from collections.abc import Mapping

from bench.figures import Line, median
from support.chaos.simulated import lossy

INVOICES = 250
SHARE = 0.1
#: The most that a period may take with that share of faults, over its time without any.
MOST_RATIO = 3.0
_SEEDS = range(890_905, 890_910)


def measure() -> tuple[Mapping[str, float], list[Line]]:
    """Return the ratio and the lines of the table. Fails where an invoice was lost, doubled or given up."""
    free = lossy(0.0, seed=0, count=INVOICES)
    faulty = [lossy(SHARE, seed=seed, count=INVOICES) for seed in _SEEDS]
    for each in (free, *faulty):
        if (each.booked, each.dead) != (INVOICES, 0):
            raise AssertionError(f"of {INVOICES} invoices {each.booked} were booked, {each.dead} are dead letters")
    ratio = median("time of a period over its time without faults", [each.seconds / free.seconds for each in faulty])
    return {"ratio": ratio.value}, [ratio, Line(what="seconds without faults, simulated", value=free.seconds)]
