"""One run with real processes: a period, faults, peace, one re-queueing of honest dead letters, and the invariants."""

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from support.chaos.cluster import SHORT, Cluster, cluster
from support.chaos.fault_injector import FaultInjector
from support.chaos.hazards import RABBITMQ, Hazard
from support.chaos.invariants import check_invariants
from support.chaos.methods import INVOICE, Method
from support.chaos.outcome import Outcome
from support.installation import event
from support.rabbitmq import RabbitMqServer
from support.samples import mixed_invoices

from worker.domain.invoice import Invoice
from worker.domain.record import State

PERIODS = ("main-p881", "main-p882")
#: What may become a dead letter for no fault of the invoice's: attempts used up, workers killed, outcome not known.
HONEST = frozenset({"attempts-exhausted", "worker-killed", "outcome-unknown"})


def run_faults(  # noqa: PLR0913  # what makes one run
    folder: Path,
    seed: int,
    *,
    count: int,
    seconds: float,
    method: Method = INVOICE,
    hazards: Sequence[Hazard] = (),
) -> Outcome:
    """Inject faults for so many seconds while so many invoices are exported; return the outcome."""
    began, chance = time.monotonic(), random.Random(seed)
    printed = folder / "printed"
    printed.mkdir()
    every = method.prepared(printed, mixed_invoices(count))
    events = _events(every)
    chance.shuffle(events)
    first, later = events[:2], events[2:]
    settings = SHORT | {"intake__allowed_folders": str(printed)} | dict(method.settings)
    with ExitStack() as stack:
        rabbitmq = stack.enter_context(RabbitMqServer(folder / "rabbitmq")) if RABBITMQ in hazards else None
        running = stack.enter_context(cluster(folder, {"main": method.entry}, rabbitmq, **settings))
        running.sandbox("PATCH", "switches", {"latency_ms": 40})
        injector = FaultInjector(
            cluster=running,
            seed=seed,
            events=events,
            later=later,
            writes=method.writes,
            more=[action for hazard in hazards for action in hazard.actions],
            planned=[planned for hazard in hazards for planned in hazard.planned],
        )
        for message in first:
            running.push(message)
        running.until(lambda: running.exported(PERIODS) > 0, "the first are exported", seconds=180)
        injector.inject(seconds)
        injector.stop()
        names = tuple(hazard.name for hazard in hazards)
        outcome = Outcome(seed=seed, invoices=count, method=method.name, hazards=names, actions=injector.actions)
        _come_to_rest(running, injector, outcome, count)
        check_invariants(running, every, outcome, wiped=bool(injector.wiped), method=method)
        outcome.restarts, outcome.seconds = running.restarts, round(time.monotonic() - began, 1)
    return outcome


def _events(every: list[Invoice]) -> list[dict[str, Any]]:
    """Return four events: two of one period, a second period, and one that repeats a part of the first."""
    half, most = len(every) // 2, len(every) * 3 // 4
    return [
        event(*every[:half], event_id="e1"),
        event(*every[half:most], event_id="e2", period=882, name="2026-47B"),
        event(*every[most:], event_id="e3"),
        event(*every[half // 2 : half], event_id="e4"),
    ]


def _come_to_rest(running: Cluster, injector: FaultInjector, outcome: Outcome, count: int) -> None:
    """Wait until everything rests, re-queue the honest dead letters once, wait again."""
    _rest(running, injector, count)
    dead = [record for record in running.records() if record.state is State.DEAD]
    for record in dead:
        reason = record.failure.reason if record.failure else "none"
        outcome.dead_once[reason] = outcome.dead_once.get(reason, 0) + 1
        if reason not in HONEST:
            outcome.other.append(f"{record.id} is dead: {record.failure}")
    if dead:
        running.store.requeue([record.id for record in dead], by="chaos")
        _rest(running, injector, count)


def _rest(running: Cluster, injector: FaultInjector, count: int) -> None:
    def rests() -> bool:
        injector.resume()
        records = running.records()
        return len(records) == count and all(record.state in {State.EXPORTED, State.DEAD} for record in records)

    running.until(rests, "everything rests", seconds=240)
