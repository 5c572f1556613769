"""``make fleet``: many agreements, large events, faults of what lies around us, on one machine; prints a table.

``python -m fleet`` plays everything (up to an hour), ``--short`` a small measure of each in some minutes, a part's name
that part alone. Exits with 1 when a bar is missed.
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fleet import bulk, large_event, many, monitoring, played, sweeps, throughput
from fleet.rows import Row, table

REPORT = Path("build/fleet.md")
#: What plays a part; True: a short measure of it.
Part = Callable[[bool], Sequence[Row]]
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
    chosen = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in chosen.parts or PARTS:
        began = time.monotonic()
        found = _played(name, short=chosen.short)
        rows += found
        print(f"{name}: {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}")  # noqa: T201  # a program for the terminal
        print(table(found), flush=True)  # noqa: T201  # the same: a run of an hour that is ended has said what it found
    text = table(rows)
    print(text)  # noqa: T201  # the same
    if not chosen.parts:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(text + "\n")
    return 0 if all(row.held for row in rows) else 1


def _played(name: str, *, short: bool) -> Sequence[Row]:
    """Play one part; one that does not come to its end is missed, and the others are played all the same."""
    try:
        return PARTS[name](short)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is shown, and the table says so
        traceback.print_exc()
        return (Row(what=f"part {name}", bar="comes to its end", measured=type(error).__name__, held=False),)


if __name__ == "__main__":
    sys.exit(main())
