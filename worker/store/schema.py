"""The schema of the store on Redis: read, declared for a new store, and raised by `migrate`, step by step.

A step may be killed and run again, and programs of the schema before it work beside it: what it makes they make
anew, or leave alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.domain.store_port import Store
from worker.domain.store_schema import CURRENT, NEEDS, StoreSchema
from worker.store.connection import StoreConnection, mapping


class RedisSchema(StoreConnection):
    """Every method may raise ``StoreUnavailable``."""

    def schema(self) -> StoreSchema:
        """Return the schema; a store without one was begun before there were versions."""
        said = mapping(self.ask(["HGETALL", self.key("schema")])[0])
        return StoreSchema(version=int(said.get("version", 1)), needs=int(said.get("needs", 1)))

    def declare(self) -> StoreSchema:
        """Return the schema; a store with nothing in it gets this program's first."""
        [used] = self.ask(["EXISTS", self.key("exports")])
        if not used:
            key = self.key("schema")
            self.ask(["HSETNX", key, "version", CURRENT], ["HSETNX", key, "needs", NEEDS])
        return self.schema()

    def raise_to(self, version: int, needs: int) -> None:
        """Note that the store is migrated so far."""
        self.ask(["HSET", self.key("schema"), "version", version, "needs", needs])


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """From the version before to this one."""

    version: int
    #: See ``StoreSchema``.
    needs: int
    meaning: str
    #: Does it; may be killed anywhere and done again. Calls back with what it has done and how much there is.
    run: Callable[[Store, Callable[[int, int], None]], None]


def index_periods(store: Store, done: Callable[[int, int], None]) -> None:
    """Have every period's sums and texts in its index, so that none is made by the first person who looks."""
    periods = [period.id for period in store.periods()]
    for count, period in enumerate(periods, 1):
        store.period_sums(period)
        done(count, len(periods))


#: In order.
STEPS = (Step(version=2, needs=1, meaning="index every period", run=index_periods),)


def due_steps(schema: StoreSchema, steps: Sequence[Step] = STEPS) -> Sequence[Step]:
    """Return what a store still lacks, in order."""
    return [step for step in steps if step.version > schema.version]


def migrate(
    store: Store,
    schema: RedisSchema,
    say: Callable[[Step, int, int], None] = lambda *_: None,
    steps: Sequence[Step] = STEPS,
) -> StoreSchema:
    """Run what is due; the version is raised after each step, so that a killed run goes on where it was."""
    for step in due_steps(schema.schema(), steps):
        step.run(store, lambda count, of, step=step: say(step, count, of))  # type: ignore[misc]  # the default binds the step
        schema.raise_to(step.version, step.needs)
    return schema.schema()
