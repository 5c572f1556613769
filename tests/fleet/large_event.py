"""An event of 100,000 invoices: the memory of the process that reads it, and the time over that of a tenth."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fleet.rows import Row

_PROGRAM = Path(__file__).parents[1] / "support" / "intake_memory.py"
#: Bytes of one invoice of that program, roughly; what it reads is counted.
_BYTES = 830
#: What the process may have in all (its RLIMIT_AS), event included.
_LIMIT_MIB = 512
_MOST_RATIO = 10.5


def play(short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    """Read one event inline and one as a file, each in a process of its own that may have 512 MiB."""
    count = 10_000 if short else 100_000
    rows = []
    for kind in ("inline", "file"):
        small, large = _read(kind, count // 10), _read(kind, count)
        ratio = large["seconds"] / small["seconds"] / (large["invoices"] / small["invoices"] / 10)
        peak = (large["before"] + large["grown"]) / (1 << 20)
        rows += [
            Row(
                what=f"memory of reading an event of {large['invoices']:,.0f} invoices ({kind})",
                bar=f"below {_LIMIT_MIB} MiB",
                measured=f"{peak:.0f} MiB",
                held=peak < _LIMIT_MIB,
            ),
            Row(
                what=f"its time over that of a tenth ({kind})",
                bar="" if short else f"at most {_MOST_RATIO}",
                measured=f"{ratio:.1f}",
                held=short or ratio <= _MOST_RATIO,
            ),
        ]
    return rows


def _read(kind: str, count: int) -> dict[str, float]:
    began = time.monotonic()
    command = [sys.executable, str(_PROGRAM), kind, str(count * _BYTES)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=1200)  # our own program
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result | {"seconds": result.get("seconds", time.monotonic() - began)}
