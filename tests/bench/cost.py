"""What one invoice costs: CPU of the worker beside a bare Celery task's, Redis commands, and our own trips to Redis."""

import json
import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis
from bench import bare
from bench.figures import Line, median
from bench.invoices import of_known_customers
from bench.stage import Stage, stage

from config.settings_sections import Worker
from worker.cli.processes import worker_command

PERIOD = 500
ROUNDS = 5
SLOTS: int = Worker().concurrency
#: CPU of the worker for one warm invoice, over that of a bare Celery task that sends the same two requests.
MOST_CPU_RATIO = 1.6
#: Redis commands for one invoice, as Redis counts them: Celery's, and those within scripts, included.
MOST_COMMANDS = 45
#: Requests for one invoice that our own Redis clients send; a pipeline is one.
MOST_TRIPS = 6
#: Callers of Redis that the table names.
_CALLERS = 12


def measure_cpu() -> tuple[dict[str, float], list[Line]]:
    """Return the figures of the worker's CPU by their keys, and the lines of the table.

    The worker that is measured exports and nothing else, another one checks the period: its CPU has a line of its own.
    """
    with TemporaryDirectory(prefix="bench-") as folder, stage(Path(folder), "") as on:
        ours, checks, theirs = _cpu_rounds(on)
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    figures = {"cpu_ratio": statistics.median(ratios), "cpu_ms": statistics.median(ours)}
    return figures, [
        median(
            "CPU ms per invoice", ours, f"user + system of the worker that exports; warm, {SLOTS} slots, no latency"
        ),
        median("CPU ms, bare task", theirs, "same two requests, an httpx.Client per thread; rounds in turn"),
        median("CPU ratio", ratios, f"the one over the other; at most {MOST_CPU_RATIO}"),
        median("CPU ms of the check", checks, "of the period, per invoice, in the worker that checks"),
    ]


def _cpu_rounds(on: Stage) -> tuple[list[float], list[float], list[float]]:
    ours, checks, theirs = [], [], []
    installation = on.installation
    pool = ("--pool", "threads", "--concurrency", str(SLOTS))
    with (
        bare.celery(installation, "worker.app", "--queues", "preflight.main") as checker,
        bare.celery(installation, "worker.app", "--queues", "export.main,recovery.main") as exporter,
    ):
        on.export(of_known_customers(100, first=100_000))  # warms master data, customers, products and every slot
        bodies = installation.folder / "bodies.json"
        bodies.write_text(json.dumps(_bodies(on)))
        with bare.celery(installation, "bench.bare", *pool, **{bare.BODIES: str(bodies)}) as plain:
            _send_bare(on, 100, first=500_000)  # as warm as ours
            for n in range(ROUNDS):  # in turn, as the machine may be busier at one time than at another
                export, check = _cpu_ms(exporter), _cpu_ms(checker)
                on.export(of_known_customers(PERIOD, first=200_000 + PERIOD * n))
                ours.append((_cpu_ms(exporter) - export) / PERIOD)
                checks.append((_cpu_ms(checker) - check) / PERIOD)
                before = _cpu_ms(plain)
                _send_bare(on, PERIOD, first=600_000 + PERIOD * n)
                theirs.append((_cpu_ms(plain) - before) / PERIOD)
    return ours, checks, theirs


def _bodies(on: Stage) -> dict[str, Any]:
    """Return the last draft and booking that our worker sent, for the bare task to send likewise."""
    sent = {call["path"]: call["body"] for call in on.requests(0) if call["method"] == "POST"}
    return {"url": on.installation.url, "draft": sent["/invoices/drafts"], "booking": sent["/invoices/booked"]}


def _send_bare(on: Stage, count: int, *, first: int) -> None:
    seen = len(on.requests(0))
    bare.publish(on.installation, "two_requests", list(range(first, first + count)))
    on.await_requests(seen + 2 * count)
    time.sleep(0.2)  # the last tasks end after their answers


def _cpu_ms(pid: int) -> float:
    """Return the CPU that a process has used, user and system, in milliseconds (``man 5 proc_pid_stat``)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def measure_redis() -> tuple[dict[str, float], list[Line]]:
    """Return the figures of Redis by their keys, and the lines of the table: intake and period check included."""
    with TemporaryDirectory(prefix="bench-") as folder:
        trips_file = Path(folder, "trips")
        worker = _counted(trips_file, worker_command("worker@bench", "warning"))
        with (
            stage(Path(folder), "", wrap=lambda command: _counted(trips_file, command)) as on,
            on.installation.client() as client,
            bare.process(on.installation, worker),
        ):
            on.export(of_known_customers(100, first=100_000))
            commands, trips = _used(on, client, trips_file)
    figures = {
        "redis_commands": sum(commands.values()) / PERIOD,
        "redis_trips": sum(trips.values()) / PERIOD,
    }
    lines = [
        Line(what="Redis commands per invoice", value=figures["redis_commands"], note=f"at most {MOST_COMMANDS}"),
        Line(what="our trips per invoice", value=figures["redis_trips"], note=f"at most {MOST_TRIPS}"),
        *_most(commands, "command"),
        *_most(trips, "trip"),
    ]
    return figures, lines


def _counted(trips: Path, command: list[str]) -> list[str]:
    """Return ``python -P -m module arguments`` with its trips counted."""
    return [sys.executable, "-P", "-m", "bench.counted", str(trips), *command[command.index("-m") + 1 :]]


def _used(on: Stage, client: redis.Redis, trips_file: Path) -> tuple[Counter[str], Counter[str]]:
    """Export a period; return the Redis commands and our own trips that it took."""
    commands, trips = _commands(client), _trips(trips_file)
    on.export(of_known_customers(PERIOD, first=200_000))
    return _commands(client) - commands, _trips(trips_file) - trips


def _commands(client: redis.Redis) -> Counter[str]:
    statistics: dict[str, dict[str, int]] = client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): figures["calls"] for name, figures in statistics.items()})


def _trips(file: Path) -> Counter[str]:
    return Counter(file.read_text().splitlines())


def _most(counts: Counter[str], kind: str) -> list[Line]:
    return [
        Line(what=f"  {kind}", value=count / PERIOD, note=name)
        for name, count in counts.most_common(_CALLERS)
        if count / PERIOD >= 0.05
    ]
