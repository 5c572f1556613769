"""The watcher of a folder under faults, in process: files come half-written, doubled and in any order, and it dies.

A schedule is a seed (what comes, in which form and order) and a fault. In the end every invoice of every period is in
the store once, with its content, and no file is left behind or refused.
"""

import json
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Stop
from typing import Any
from unittest.mock import patch

from support.events import event, invoices, reader
from support.formats import to_xml
from support.intake import consumer
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export

from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable
from worker.intake.sources.folder import kept_folders
from worker.intake.sources.folder_watch import FolderWatch

PERIODS = 3
#: Steps of the operating system that are counted: each is a moment to die, before it and after it.
_STEPS = ("replace", "unlink", "fsync")
_QUIET = 60.0


class Died(BaseException):
    """The process ends here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """What comes, and what goes wrong."""

    seed: int
    #: The watcher dies at this step, counted over its life; 0: never. Even: after the step, odd: before it.
    dies_at: int = 0
    #: Redis is away for so many publications.
    away: int = 0


@dataclass
class _World:
    folder: Path
    away: int
    left: int
    closed_by: str
    now: float = 1_800_000_000.0
    events: MemoryEvents = field(default_factory=MemoryEvents)
    deaths: int = 0

    def __post_init__(self) -> None:
        self.queue = MemoryEventQueue(self.events, consumer="one")
        self.store = MemoryStore(clock=lambda: self.now)
        source = {"folder": self.folder, "stable_seconds": 1, "quiet_seconds": _QUIET, "closed_by": self.closed_by}
        self.config = export(source=source)
        self.start()

    def start(self) -> None:
        self.watch = FolderWatch(
            self.config, publish=self.step(self._publish), clock=lambda: self.now, most_inline=4000
        )

    def step(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Count a step, and die before or after it when it is time."""

        def counted(*arguments: Any, **options: Any) -> Any:
            self._pass()
            result = call(*arguments, **options)
            self._pass()
            return result

        return counted

    def look(self, seconds: float) -> None:
        """Let the watcher look once; one that died is started again, as its supervisor does."""
        self.now += seconds
        with self._counted():
            try:
                with suppress(StoreUnavailable):
                    self.watch.turn()
            except Died:
                self.deaths += 1
                self.start()

    def take_in(self) -> None:
        config = self.config
        read = reader(config, folders=kept_folders({"main": config}), limit=1 << 28)
        taking = consumer(self.queue, self.store, reader=read)
        while self.queue.waiting():
            taking.turn(Stop())

    def _pass(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Died

    def _publish(self, raw: bytes) -> None:
        if self.away > 0:
            self.away -= 1
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))
        self.queue.publish(raw)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        patches = [patch.object(os, name, self.step(getattr(os, name))) for name in _STEPS]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()


def play(schedule: Schedule) -> tuple[list[str], int]:
    """Play a schedule; return everything that is wrong in the end, and how many steps were left to die at."""
    chance = random.Random(schedule.seed)
    with tempfile.TemporaryDirectory() as place:
        closed_by = chance.choice(["count", "manifest"])
        world = _World(folder=Path(place), away=schedule.away, left=schedule.dies_at, closed_by=closed_by)
        wanted = [_period(number) for number in range(1, PERIODS + 1)]
        arrivals = [arrival for period in wanted for arrival in _files(period, closed_by, chance)]
        chance.shuffle(arrivals)
        for name, content in arrivals:
            _arrive(world, name, content, chance)
        # Twice quiet, as it may die in the first: what it saw when is forgotten then.
        for seconds in (2.0, 2.0, _QUIET, 2.0, 2.0, _QUIET, 2.0, 2.0):
            world.look(seconds)
        world.take_in()
        return _wrong(world, wanted), world.left


def steps(seed: int) -> int:
    """Return how many moments to die a seed has."""
    return 1_000_000 - play(Schedule(seed=seed, dies_at=1_000_000))[1]


def _period(number: int) -> dict[str, Any]:
    period = {"id": number, "name": f"p{number}", "closedAt": "2026-11-20T15:04:05Z"}
    data: dict[str, Any] = event(invoices(3, first=number * 100), period=period)["data"]
    return data


def _files(data: dict[str, Any], closed_by: str, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a period, whole or one for each invoice, and copies of some of them."""
    name = data["period"]["name"]
    files = {f"{name}.xml": to_xml(data)}
    if chance.random() < 0.6:
        files = {f"{name}-{n}.xml": to_xml(data | {"invoices": [one]}) for n, one in enumerate(data["invoices"])}
    yield from files.items()
    first = next(iter(files))
    if closed_by == "manifest":
        named = [{"name": file} for file in files]
        head = {key: data[key] for key in ("period", "invoiceCount", "controlTotals")}
        yield f"{name}.manifest.json", json.dumps({"files": named} | head).encode()
    elif chance.random() < 0.5:
        yield first, files[first]  # once more, as it is
    elif chance.random() < 0.5:
        yield f"copy of {first}", files[first]


def _arrive(world: _World, name: str, content: bytes, chance: random.Random) -> None:
    """Let a file come: at once or in two halves with looks in between; or under another name, then renamed."""
    path, way = world.folder / name, chance.choice(["at once", "halves", "renamed"])
    if way == "halves":
        path.write_bytes(content[: len(content) // 2])
        world.look(0.5)
    if way == "renamed":
        part = path.with_name(f"{name}.part")
        part.write_bytes(content)
        world.look(2.0)
        part.rename(path)
    else:
        path.write_bytes(content)
    world.look(chance.choice([0.0, 0.5, 2.0]))


def _wrong(world: _World, wanted: list[dict[str, Any]]) -> list[str]:
    wrong = [f"dead letter: {why!r}" for why in world.events.dead.values()]
    for folder in (world.folder, world.folder / "failed"):
        wrong += [f"left behind: {path.name}" for path in folder.iterdir() if path.is_file()]
    wrong += [f"intent left: {path.name}" for path in (world.folder / ".opter-economic").glob("*.intent")]
    for data in wanted:
        period = world.store.period(f"main-p{data['period']['id']}")
        want = len(data["invoices"])
        have = period.total if period else 0
        if have != want or (period and (period.missing or period.conflicts)):
            wrong.append(f"{data['period']['name']} has {have} of {want} invoices: {period}")
    total, expected = sum(1 for _ in world.store.invoices(None, None)), PERIODS * 3
    return wrong + ([] if total == expected else [f"{total} invoices in the store, {expected} came"])
