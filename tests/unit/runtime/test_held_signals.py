"""Signals to end that were held while a program was loaded, and how they are heeded then."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys
from worker.lifecycle import heed_held_signals

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
if sys.argv[2] == "own":
    signal.signal(int(sys.argv[1]), lambda *_: print("in order"))
os.kill(os.getpid(), int(sys.argv[1]))
heed_held_signals()
print("goes on")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("handler", "printed"), [("own", "in order\ngoes on\n"), ("none", "")])
def test_a_signal_that_was_held_is_heeded(number: signal.Signals, handler: str, printed: str) -> None:
    """By the program's own way where it has one already, as uvicorn has; else the process ends without a word."""
    command = [sys.executable, "-c", PROGRAM, str(int(number)), handler]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, printed, "")


def test_a_signal_is_heeded_where_python_drops_exceptions(tmp_path: Path) -> None:
    """In callbacks while a module loads an exception is printed, and the program goes on; so it ends at once."""
    (tmp_path / "slow.py").write_text(
        "import os, signal, weakref\n"
        "class Lock: ...\n"
        "lock = Lock()\n"
        "gone = weakref.ref(lock, lambda _: os.kill(os.getpid(), signal.SIGTERM))\n"
        "del lock\n"
    )
    program = (
        "import signal; from worker.signals import end; signal.signal(signal.SIGTERM, end)\n"
        "import slow; print('goes on')"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_signal_outside_of_loading_ends_in_order() -> None:
    """What is under way is left in order: its ``finally`` runs."""
    program = (
        "import os, signal; from worker.signals import end; signal.signal(signal.SIGTERM, end)\n"
        "try:\n    os.kill(os.getpid(), signal.SIGTERM)\nfinally:\n    print('in order')"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "in order\n", "")
