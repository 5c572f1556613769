"""``make fleet``: many agreements, large events, faults of what lies around us, on one machine; prints a table.

``python -m fleet`` plays everything (up to an hour), ``--short`` a small measure of each in some minutes, a part's name
that part alone. Exits with 1 when a bar is missed. ``--seed`` repeats what is drawn by chance.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fleet import bulk, large_event, many, monitoring, played, sweeps, throughput
from fleet.rows import Row, table

REPORT = Path("build/fleet.md")
#: Part -> what plays it, given a seed and whether it is to be short.
Part = Callable[[int, bool], Sequence[Row]]
PARTS: Mapping[str, Part] = {
    "throughput": throughput.play,
    "bulk": bulk.play,
    "many": many.play,
    "large-event": large_event.play,
    "sweeps": sweeps.play,
    "monitoring": monitoring.play,
    **played.PARTS,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the parts that are asked for; all of them without arguments."""
    parser = argparse.ArgumentParser(prog="python -m fleet", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", choices=[*PARTS, []], help=", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="a small measure of each part")
    parser.add_argument("--seed", type=int, default=1, help="of whatever is drawn by chance")
    chosen = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in chosen.parts or PARTS:
        began = time.monotonic()
        rows += PARTS[name](chosen.seed, chosen.short)
        print(f"{name}: {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)  # noqa: T201  # a program for the terminal
    text = table(rows)
    print(text)  # noqa: T201  # the same
    if not chosen.parts:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(text + "\n")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
