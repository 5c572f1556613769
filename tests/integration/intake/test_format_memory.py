"""Files of many invoices are taken by the watcher in flat memory, whatever their format.

``python tests/support/format_memory.py xml 100000`` measures 100,000 invoices in one file, inside 512 MiB.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "support" / "format_memory.py"


def _read(name: str, count: int) -> dict[str, int]:
    done = subprocess.run(  # our own program
        [sys.executable, str(PROGRAM), name, str(count)], capture_output=True, check=True, timeout=120
    )
    result: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("name", ["csv", "xml", "ndjson"])
def test_a_file_of_invoices_is_read_in_flat_memory(name: str) -> None:
    """Four times the invoices cost a fraction of their bytes: only the numbers seen are kept."""
    small, large = _read(name, 500), _read(name, 2_000)

    assert (small["invoices"], large["invoices"]) == (500, 2_000)
    assert large["grown"] - small["grown"] <= max((large["bytes"] - small["bytes"]) // 2, 1 << 20)
