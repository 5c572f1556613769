"""Signals to end that were held while a program was loaded, and how they are heeded then."""

import signal
import subprocess
import sys

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
