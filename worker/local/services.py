"""The processes of a whole installation on one machine, and their order: whoever feeds stops before who is fed."""

import os
from collections.abc import Mapping
from pathlib import Path

from config.settings import Settings, variable
from worker.local.supervisor import Service


def installation(settings: Settings) -> tuple[Service, ...]:
    """Return intake, worker and Flower, in the order in which they are started and stopped."""
    return (
        Service(name="intake", arguments=("intake",), patience=10.0),
        # A worker finishes the invoices at hand: at most one call's deadline for each of its steps.
        Service(name="worker", arguments=("worker",), patience=settings.worker.soft_shutdown + settings.http.deadline),
        Service(name="flower", arguments=("flower",), patience=5.0),
    )


def environment(redis_url: str, exports_file: Path) -> Mapping[str, str]:
    """Return the environment of the processes: ours, with Redis and the exports file named."""
    return {
        **os.environ,
        variable("redis", "url"): redis_url,
        variable("exports_file"): str(exports_file.resolve()),
    }
