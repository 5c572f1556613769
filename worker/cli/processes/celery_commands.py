"""Command lines of the processes that Celery runs for us."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from config.settings import Settings

_CELERY = ("-P", "-m", "celery", "--quiet", "-A", "worker.app")
#: Seconds after which Flower forgets a worker that is gone; our own restarts are faster.
_FORGET_AFTER = "60"


def worker_command(name: str, log_level: str) -> list[str]:
    """Return the command line of a worker. ``name`` is fixed, so that Flower and metrics know it again.

    Workers need nothing of each other (no gossip, no mingle): what matters is in the ledger.
    """
    options = ("--hostname", name, "--loglevel", log_level, "--without-gossip", "--without-mingle")
    return [sys.executable, *_CELERY, "worker", *options]


def flower_command(settings: Settings) -> list[str]:
    """Return the command line of Flower: it shows, and changes nothing; task arguments are ids and nothing else."""
    options = (
        f"--address={settings.flower.host}",
        f"--port={settings.flower.port}",
        f"--purge_offline_workers={_FORGET_AFTER}",
        "--read_only=True",
        "--tasks_columns=name,uuid,state,received,started,runtime,worker",
    )
    return [sys.executable, *_CELERY, "flower", *options]


def become(command: Sequence[str]) -> NoReturn:
    """Replace this process by another program: signals and exit code are its own then."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], list(command))  # noqa: S606  # our own Python and arguments; no shell is wanted
