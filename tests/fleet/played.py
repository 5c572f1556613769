"""Parts that are tests of their own, played as such: they need a Debian package, or take long."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fleet.rows import Row
from support import postgresql

_TESTS = Path(__file__).parents[1]
#: Seconds that one may take.
_PATIENCE = 1800.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """Tests that show what a line of the table says."""

    what: str
    bar: str
    #: Files below ``tests``, or tests in them.
    tests: tuple[str, ...]
    #: What has to be installed, and whether it is.
    needs: tuple[str, bool] = ("", True)


_PLAYED: Mapping[str, Played] = {
    "sentinel": Played(
        what="failover by a real Sentinel in mid-period, the new primary without the last writes",
        bar="none lost, none doubled",
        tests=("chaos/test_sentinel.py",),
    ),
    "rabbitmq": Played(
        what="messages by a real RabbitMQ, killed, emptied and cut off in mid-period",
        bar="none lost, none doubled",
        tests=("integration/broker/test_rabbitmq.py",),
        needs=("rabbitmq-server", shutil.which("rabbitmq-server") is not None),
    ),
    "archive": Played(
        what="archive on SQLite and a real PostgreSQL, killed at every moment of a move",
        bar="nothing lost, nothing twice",
        tests=("integration/archive",),
        needs=("postgresql", postgresql.programs() is not None),
    ),
    "upgrade": Played(
        what="rolling upgrade: two versions side by side on one store, the migration killed",
        bar="none lost, none doubled",
        tests=("integration/runtime/test_rolling_upgrade.py",),
        needs=("git", shutil.which("git") is not None),
    ),
}


def _play(played: Played, short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    if short:
        return ()
    program, installed = played.needs
    if not installed:
        return (Row(what=played.what, bar="", measured=f"not played: {program} is not installed", held=True),)
    tests = [str(_TESTS / test) for test in played.tests]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # our own tests
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "nothing was played"
    if done.returncode:
        print(done.stdout[-4000:])  # noqa: T201  # a program for the terminal
    return (Row(what=played.what, bar=played.bar, measured=last.strip("= "), held=done.returncode == 0),)


PARTS: Mapping[str, Callable[[bool], Sequence[Row]]] = {
    name: partial(_play, played) for name, played in _PLAYED.items()
}
