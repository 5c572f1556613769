"""Each guard turned off in a copy of the packages, and the schedules that must then fail.

The copy is made in a folder of the test's, and played by a process of its own: the product has no switch for it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from support.chaos import lease_takeover, matrix, parallel_invoices, skew
from support.chaos.lost_writes import INTERFERENCES
from support.chaos.scenarios import SCENARIOS, SHIFTING, Scenario

_ROOT = Path(__file__).parents[3]
#: Hunts under clocks that differ: how, and by how many seconds.
_SKEWED = {"skewed workers": ("worker", 7200.0), "skewed Redis": ("redis jumps", 7200.0)}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One guard, where it stands, and where its absence is looked for."""

    name: str
    #: File of one of the packages, below the copy.
    file: str
    #: What stands there, exactly once, and what is put in its place.
    there: str
    instead: str
    #: See ``_hunt``; one after the other.
    hunts: tuple[str, ...]


GUARDS = (
    Guard(
        name="the recorded intent",
        file="worker/workflow/execution.py",
        there='self.save(Continue(event=f"{step}-intended"), intent=intent, **progress)',
        instead="self.record = self.record.with_progress(intent=intent, **progress)",
        hunts=("known customer, corrected",),
    ),
    Guard(
        name="the lookup before a create whose key is forgotten",
        file="worker/workflow/execution.py",
        there="return Action.SEND if intent.at > remembered_since else Action.LOOK_UP",
        instead="return Action.SEND",
        hunts=("known customer, past the hour",),
    ),
    Guard(
        name="the end of the permission to create",
        file="worker/workflow/execution.py",
        there="return Action.LOOK_UP if action is Action.CREATE and create_allowed_at <= remembered_since else action",
        instead="return action",
        hunts=("known customer, past the hour",),
    ),
    Guard(
        name="the lookup of the period check",
        file="worker/workflow/existing_documents.py",
        there="    if not invoices:\n        return ExistingDocuments()\n",
        instead="    if invoices or not invoices:\n        return ExistingDocuments()\n",
        hunts=("known customer, installed anew",),
    ),
    Guard(
        name="the fence",
        file="support/memory_store/execution.py",
        there=" or entry.record.fence != fence:\n            raise",
        instead=":\n            raise",
        hunts=("lease takeover",),
    ),
    Guard(
        name="the totals check",
        file="worker/economic/mapping/documents.py",
        there="    if document.currency != invoice.currency:\n",
        instead="    if document:\n        return None\n    if document.currency != invoice.currency:\n",
        hunts=("totals differ",),
    ),
    Guard(
        name="the single flight of a customer",
        file="support/memory_store/execution.py",
        there=(
            "            if left > 0:\n"
            "                raise Busy(leases.claimed_elsewhere(), retry_after=min(left, leases.BUSY_RETRY))\n"
            "            shared.creation = replace(shared.creation, fence=shared.creation.fence + 1)\n"
        ),
        instead="",
        hunts=("parallel invoices",),
    ),
    Guard(
        name="the idempotency key",
        file="worker/economic/api_calls.py",
        there='{"Idempotency-Key": key})',
        instead="{})",
        hunts=("known customer",),
    ),
    Guard(
        name="the lookup of a draft before its booking is resumed",
        file="worker/workflow/execution.py",
        there="    if intent.step == Step.BOOK and intent != own and intent.at > remembered_since:\n",
        instead="    if intent is None:\n",
        hunts=("known customer, draft taken over",),
    ),
    Guard(
        name="one clock for all workers",
        file="worker/workflow/execution.py",
        there="body=body, key=key, at=self.context.clock())\n        self.save(",
        instead="body=body, key=key, at=self.context.worker_clock())\n        self.save(",
        hunts=("skewed workers",),
    ),
    Guard(
        name="the comparison of Redis' clock with e-conomic's",
        file="worker/workflow/context.py",
        there="        agree = abs(gap) <= self.clock_gap\n",
        instead="        agree = True\n",
        hunts=("skewed Redis",),
    ),
    Guard(
        name="the reading of pages that overlap, or twice",
        file="worker/economic/pages.py",
        there="            return first.items\n",
        instead="            return first.items\n        if path:\n            return self._by_links(path, first)\n",
        hunts=("voucher while pages shift by delete, past the hour",),
    ),
    Guard(
        name="the second reading of journals",
        file="worker/economic/vouchers.py",
        there="for number in (*numbers, *numbers[:-1]):",
        instead="for number in numbers:",
        hunts=("voucher while pages shift by journal, past the hour",),
    ),
)


def caught(guard: Guard, folder: Path) -> str:
    """Return the first schedule that fails without the guard, and what was wrong; empty when all of them hold."""
    for package in ("worker", "config", "tasks", "tests/support"):
        copy = folder / Path(package).name
        shutil.copytree(_ROOT / package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / guard.file
    text = file.read_text()
    assert text.count(guard.there) == 1, f"{guard.name} no longer stands in {guard.file} as it did"
    file.write_text(text.replace(guard.there, guard.instead))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "support.chaos.mutants", str(folder), *guard.hunts],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    schedule: str = json.loads(done.stdout)
    return schedule


def main(folder: str, *hunts: str) -> None:
    """Play the schedules against the package in this folder, until one fails."""
    import support  # noqa: PLC0415  # only here does it matter which copy is meant

    import worker  # noqa: PLC0415  # as above

    for package in (support, worker):
        assert Path(next(iter(package.__path__))).is_relative_to(folder), "the copy is not the one that runs"
    caught_by = next((f"{schedule}: {wrong[0]}" for name in hunts for schedule, wrong in _hunt(name) if wrong), "")
    sys.stdout.write(json.dumps(caught_by))


def _hunt(name: str) -> Iterator[tuple[object, list[str]]]:
    """Yield schedules with what was wrong in their end."""
    if name in _SKEWED:
        every = (schedule for scenario in skew.SCENARIOS_SKEWED for schedule in skew.every_skewed(scenario))
        hunted = (schedule for schedule in every if (schedule.how, schedule.seconds) == _SKEWED[name])
        crashed = (each for each in hunted if each.schedule.gap and each.schedule.faults[0].fault == "crash-after")
        return ((schedule, skew.play(schedule)) for schedule in crashed)
    if name == "parallel invoices":
        return ((schedule, parallel_invoices.play(schedule)) for schedule in parallel_invoices.every())
    if name == "lease takeover":
        takeovers = lease_takeover.every_takeover(SCENARIOS[0])
        return ((schedule, lease_takeover.play(SCENARIOS[0], schedule)) for schedule in takeovers)
    scenario, _, between = name.partition(", ")
    schedules = _schedules(next(each for each in (*SCENARIOS, *SHIFTING) if each.name == scenario), between)
    return ((schedule, matrix.play(schedule)[0]) for schedule in schedules)


def _schedules(scenario: Scenario, between: str) -> Iterator[matrix.Schedule]:
    past = (matrix.GAPS[-1],)
    if between in INTERFERENCES:
        emptied = between in {"wiped", "installed anew"}
        return matrix.every_interference(scenario, between, past if emptied else matrix.GAPS)
    undisturbed = matrix.Schedule(scenario=scenario.name, faults=())
    return chain([undisturbed], matrix.every_single(scenario, past if between else matrix.GAPS))


if __name__ == "__main__":
    main(*sys.argv[1:])
