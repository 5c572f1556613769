"""What reading an event costs in memory, in a process of its own that may have 512 MiB in all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "support" / "intake_memory.py"
MIB = 1 << 20
#: What one broken invoice may cost, however small its event is.
FLOOR = 64 * MIB


def _read(kind: str, size: int) -> dict[str, int]:
    done = subprocess.run(  # our own program
        [sys.executable, str(PROGRAM), kind, str(size)], capture_output=True, check=True, timeout=280
    )
    result: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_an_event_of_many_invoices_is_read_one_by_one() -> None:
    """With text beyond Latin-1, which Python keeps in four bytes a character: still far below eight times the bytes."""
    read = _read("inline", 4 * MIB)

    assert read["invoices"] > 4000
    assert read["grown"] + read["bytes"] <= 8 * read["bytes"]


def test_a_file_of_invoices_is_read_in_flat_memory() -> None:
    """Three times the invoices cost nothing more but their numbers."""
    small, large = _read("file", 2 * MIB), _read("file", 6 * MIB)

    assert large["invoices"] >= 3 * small["invoices"] - 3
    assert large["grown"] - small["grown"] <= (large["bytes"] - small["bytes"]) // 2


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("repeated-keys", 4 * MIB),
        ("repeated-keys", 140_000),
        ("repeated-names", 4 * MIB),
        ("invoices-of-a-wrong-type", 4 * MIB),
        ("lines-of-a-wrong-type", 4 * MIB),
        ("lines-of-a-wrong-type", 95_000),
        ("empty-lines", 49_000),
        ("empty-lines", 6 * MIB),
        ("invoices-of-empty-lines", 6 * MIB),
        ("order-numbers-of-a-wrong-type", 95_000),
        ("one-invoice", 28 * MIB),
        ("unknown-fields", 4 * MIB),
        ("unknown-fields", 280_000),
        ("brackets", 4 * MIB),
        ("control-totals", 4 * MIB),
    ],
)
def test_a_hostile_event_is_refused_within_bounds(kind: str, size: int) -> None:
    """In linear time (a quadratic reader would need hours for these) and within eight times its bytes."""
    read = _read(kind, size)

    assert (read["invoices"], read["dead"], read["waiting"]) == (0, 1, 0)
    assert read["grown"] + read["bytes"] <= max(8 * read["bytes"], FLOOR)
