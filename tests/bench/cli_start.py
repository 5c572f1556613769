"""CPU seconds that the command line takes to start, beside what its two libraries take alone."""

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence

from bench.figures import Line
from support.installation import Installation

ROUNDS = 15
#: Set by some build machines; an installed program has its bytecode.
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
#: CPU seconds that ``--help`` and ``status`` may take.
MOST_CPU = 0.3


def measure(installation: Installation) -> tuple[dict[str, float], list[Line]]:
    """Return the figures by their keys, and the lines of the table; the programs run in turn."""
    commands = {
        "help_cpu_s": ("-P", "-m", "worker", "--help"),
        "status_cpu_s": ("-P", "-m", "worker", "status"),
        "bare_import_cpu_s": ("-P", "-c", "import typer, rich.console"),
    }
    measured: dict[str, list[float]] = {key: [] for key in commands}
    for _ in range(ROUNDS + 1):  # the first round warms the disk cache
        for key, command in commands.items():
            measured[key].append(_cpu(installation, command))
    figures = {key: statistics.median(seconds[1:]) for key, seconds in measured.items()}
    texts = {
        "help_cpu_s": f"opter-economic --help; at most {MOST_CPU}",
        "status_cpu_s": f"opter-economic status; at most {MOST_CPU}",
        "bare_import_cpu_s": "python -c 'import typer, rich.console'",
    }
    return figures, [
        Line(what="CPU s", value=figures[key], measured=tuple(seconds[1:]), note=texts[key])
        for key, seconds in measured.items()
    ]


def _cpu(installation: Installation, arguments: Sequence[str]) -> float:
    before = _children()
    done = subprocess.run(
        [sys.executable, *arguments],
        env={name: value for name, value in installation.environment.items() if name != _NO_BYTECODE},
        cwd=installation.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
