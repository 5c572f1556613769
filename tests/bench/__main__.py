"""``make bench``: calls per invoice, and what our part of the work costs. Prints tables, writes ``build/bench.json``.

Every figure is a ratio within one run, or has its conditions beside it: seconds of one machine say little of another.
Exits with 1 when an invoice costs more calls than promised.
"""

import sys
from pathlib import Path

from bench import fan_out, method
from bench.figures import MOST_CALLS, show, write
from bench.methods import METHODS

REPORT = Path("build/bench.json")
CONDITIONS = (
    "Real Redis, intake, worker and sandbox, each a process on this machine. Customers, products and reference data are"
    " known, the worker is warm. The sandbox's rate limit and the export's are lifted: the rate gate is passed at every"
    " call, and never waits."
)


def main() -> int:
    """Measure every method, then the fan-out."""
    print(CONDITIONS)  # noqa: T201  # a program for the terminal
    figures = {}
    for one in METHODS:
        figures[one.name], lines = method.measure(one)
        show(f"{one.name} method, {method.PERIOD} invoices a period, {one.note}", lines)
    show("fan-out", fan_out.measure())
    write(REPORT, figures)
    return 1 if any(one.calls_per_invoice > MOST_CALLS for one in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
