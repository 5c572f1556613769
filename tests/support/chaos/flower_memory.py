"""The memory of Flower after a long day, measured in a process of its own: ``python flower_memory.py TASKS MOST``.

Flower keeps what Celery's events told in its ``EventsState``; nothing else of it grows.
"""

import os
import resource
import subprocess
import sys
import time
from typing import Any

from celery.events.event import Event
from flower.events import EventsState


def megabytes(tasks: int, most: int) -> tuple[float, int]:
    """Return the most memory, in MB, of a process whose Flower saw so many tasks, and how many of them it kept."""
    done = subprocess.run(
        [sys.executable, __file__, str(tasks), str(most)], capture_output=True, text=True, check=True, timeout=500
    )
    used, kept = done.stdout.split()
    return float(used), int(kept)


def _see(tasks: int, most: int) -> EventsState:
    """Feed the events of tasks as our workers send them: sent, received, started, succeeded with a result."""
    state, began = EventsState(max_tasks_in_memory=most), time.time()
    for number in range(tasks):
        key = f"main-{number}.0123abcd"
        common = {"hostname": f"worker-{number % 4}@host", "uuid": key, "pid": os.getpid(), "clock": number}
        steps: tuple[tuple[str, dict[str, Any]], ...] = (
            (
                "task-sent",
                {"name": "invoice.export.v1", "args": f"('main-{number}',)", "kwargs": "{}", "queue": "export"},
            ),
            (
                "task-received",
                {"name": "invoice.export.v1", "args": f"('main-{number}',)", "kwargs": "{}", "retries": 0},
            ),
            ("task-started", {}),
            ("task-succeeded", {"result": f"'booked {number}'", "runtime": 0.5}),
        )
        for kind, fields in steps:
            at = began + number * 0.01
            state.event(Event(kind, timestamp=at, local_received=at, utcoffset=0, **common, **fields))
    return state


if __name__ == "__main__":
    seen = _see(int(sys.argv[1]), int(sys.argv[2]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(seen.tasks))  # noqa: T201  # for its parent
