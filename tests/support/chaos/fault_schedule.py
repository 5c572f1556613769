"""One fault schedule played on one invoice, in one thread: each effect is counted, and some meet a fault."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.chaos.faults import (
    DELAYED,
    HTTP,
    LOST_WRITES,
    PAYLOAD_CHANGED,
    STORE,
    WRITES,
    Answer,
    DelayedRequests,
    use_key,
)
from support.chaos.lost_writes import LostWrites
from support.harness import Harness, Killed

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import State
from worker.errors import StoreUnavailable

_RESTS = frozenset({State.EXPORTED, State.DEAD})


def _export(harness: Harness) -> None:
    """Check what is due, and deliver what is waiting."""
    if harness.store.periods_due():
        harness.check()
    harness.deliver()


def _exported(harness: Harness) -> bool:
    return all(record.state in _RESTS for record in harness.records())


@dataclass(frozen=True, kw_only=True)
class ScheduledFault:
    """One fault at one effect, counted from 0 over the whole schedule."""

    effect: int
    fault: str


@dataclass(kw_only=True)
class ScheduleRun:
    """One schedule on one installation."""

    harness: Harness
    faults: tuple[ScheduledFault, ...] = ()
    #: What each effect was: ``http POST /invoices/drafts`` or ``store save``.
    effects: list[str] = field(default_factory=list)
    #: Happens after the first turn.
    between: Callable[[], None] = lambda: None
    #: Happens before every later turn, and when a worker is started in place of a dead one.
    meanwhile: Callable[[], None] = lambda: None
    hired: Callable[[], None] = lambda: None
    #: What a worker does in its turn, whether all of it is done, and the seconds until the next turn.
    work: Callable[[Harness], None] = _export
    done: Callable[[Harness], bool] = _exported
    pause: float = 5.0
    delayed: DelayedRequests = field(default_factory=DelayedRequests)
    dead: bool = False

    def __post_init__(self) -> None:
        self.lost_writes = (
            LostWrites(harness=self.harness)
            if any(scheduled.fault in LOST_WRITES for scheduled in self.faults)
            else None
        )
        self.harness.around_http = self._http
        self.harness.around_store = self._store

    def run(self, *, gap: float = 0.0, most: int = 400) -> None:
        """Deliver, let others pick up what was left, until everything rests. ``gap`` seconds pass after the first."""
        harness = self.harness
        harness.sweep()
        self._turn()
        if gap:
            self.delayed.land(float("inf"))  # no request travels for half an hour
            harness.clock.advance(gap)
        self.between()
        for _ in range(most):
            if self.done(harness):
                self.delayed.land(float("inf"))
                return
            harness.clock.advance(self.pause)
            self.meanwhile()
            harness.sweep()
            self._turn()
        states = [(record.id, record.state, record.failure, record.progress) for record in harness.records()]
        raise AssertionError(f"still moving: {states}")

    def _turn(self) -> None:
        harness = self.harness
        self.delayed.tick()
        with suppress(Killed, StoreUnavailable):
            self.work(harness)
        if self.dead:
            self.dead = False
            self.hired()
            harness.hire()

    def _next(self, what: str) -> str | None:
        if self.dead:
            raise Killed
        self.delayed.tick()
        self.harness.clock.advance(0.001)  # no two moments are the same
        number = len(self.effects)
        self.effects.append(what)
        return next((scheduled.fault for scheduled in self.faults if scheduled.effect == number), None)

    def _http(self, request: httpx.Request, answer: Answer) -> httpx.Response:
        fault = self._next(f"http {request.method} {request.url.path}")
        if fault is None:
            return answer(request)
        if fault in LOST_WRITES:
            answer(request)
            self._forget(fault)
        if fault in HTTP:
            return self._inject(HTTP[fault], request, answer)
        if request.method != "GET" and fault in DELAYED:
            return self.delayed.lose(fault, request, answer)
        if request.method != "GET" and fault == PAYLOAD_CHANGED:
            use_key(self.harness, request)
        return answer(request)

    def _inject(self, inject: Callable[..., httpx.Response], request: httpx.Request, answer: Answer) -> httpx.Response:
        try:
            return inject(request, answer)
        except Killed:
            self.dead = True
            raise

    def _forget(self, fault: str) -> None:
        if self.lost_writes:
            self.lost_writes.lose(LOST_WRITES[fault])
        self.dead = True
        raise Killed

    def _store(self, name: str, trip: Callable[[], Any]) -> Any:
        fault = self._next(f"store {name}")
        if self.lost_writes:
            self.lost_writes.remember()
        if fault is None:
            return trip()
        if fault in LOST_WRITES:
            trip()
            self._forget(fault)
        if fault not in STORE:
            return trip()
        if STORE[fault]:
            trip()
        if fault.startswith("crash"):
            self.dead = True
            raise Killed
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "The schedule said so."))


def single_faults(effects: list[str]) -> Iterator[tuple[ScheduledFault, ...]]:
    """Yield every schedule with one fault; ``effects`` are those of an undisturbed run."""
    for number, what in enumerate(effects):
        for fault in _possible(what):
            yield (ScheduledFault(effect=number, fault=fault),)


def _possible(what: str) -> tuple[str, ...]:
    if what.startswith("store"):
        return (*STORE, *LOST_WRITES)
    return tuple(HTTP) if what.startswith("http GET") else (*WRITES, *LOST_WRITES)
