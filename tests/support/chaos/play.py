"""One fault schedule played on one invoice, in one thread: each effect is counted, and some are struck."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.chaos.faults import (
    HTTP,
    LATE,
    LEDGER,
    LOST_WRITES,
    PAYLOAD_CHANGED,
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


@dataclass(frozen=True, kw_only=True)
class Strike:
    """One trouble at one effect, counted from 0 over the whole schedule."""

    effect: int
    trouble: str


@dataclass(kw_only=True)
class Play:
    """One schedule on one installation."""

    harness: Harness
    strikes: tuple[Strike, ...] = ()
    #: What each effect was: ``http POST /invoices/drafts`` or ``ledger save``.
    effects: list[str] = field(default_factory=list)
    #: Happens after the first turn.
    between: Callable[[], None] = lambda: None
    limbo: DelayedRequests = field(default_factory=DelayedRequests)
    dead: bool = False

    def __post_init__(self) -> None:
        self.amnesia = (
            LostWrites(harness=self.harness) if any(one.trouble in LOST_WRITES for one in self.strikes) else None
        )
        self.harness.around_http = self._http
        self.harness.around_store = self._ledger

    def run(self, *, gap: float = 0.0, most: int = 400) -> None:
        """Deliver, let others pick up what was left, until everything rests. ``gap`` seconds pass after the first."""
        harness = self.harness
        harness.sweep()
        self._turn()
        if gap:
            self.limbo.land(float("inf"))  # no request travels for half an hour
            harness.clock.advance(gap)
        self.between()
        for _ in range(most):
            if all(record.state in _RESTS for record in harness.records()):
                self.limbo.land(float("inf"))
                return
            harness.clock.advance(5.0)
            harness.sweep()
            self._turn()
        states = [(record.id, record.state, record.failure, record.progress) for record in harness.records()]
        raise AssertionError(f"still moving: {states}")

    def _turn(self) -> None:
        harness = self.harness
        self.limbo.tick()
        try:
            if harness.store.periods_due():
                harness.check()
            harness.deliver()
        except (Killed, StoreUnavailable):
            pass
        if self.dead:
            self.dead = False
            harness.hire()

    def _next(self, what: str) -> str | None:
        if self.dead:
            raise Killed
        self.limbo.tick()
        self.harness.clock.advance(0.001)  # no two moments are the same
        number = len(self.effects)
        self.effects.append(what)
        return next((strike.trouble for strike in self.strikes if strike.effect == number), None)

    def _http(self, request: httpx.Request, answer: Answer) -> httpx.Response:
        trouble = self._next(f"http {request.method} {request.url.path}")
        if trouble is None:
            return answer(request)
        if trouble in LOST_WRITES:
            answer(request)
            self._forget(trouble)
        if trouble in HTTP:
            return self._struck(HTTP[trouble], request, answer)
        if request.method != "GET" and trouble in LATE:
            return self.limbo.lose(trouble, request, answer)
        if request.method != "GET" and trouble == PAYLOAD_CHANGED:
            use_key(self.harness, request)
        return answer(request)

    def _struck(self, strike: Callable[..., httpx.Response], request: httpx.Request, answer: Answer) -> httpx.Response:
        try:
            return strike(request, answer)
        except Killed:
            self.dead = True
            raise

    def _forget(self, trouble: str) -> None:
        if self.amnesia:
            self.amnesia.strike(LOST_WRITES[trouble])
        self.dead = True
        raise Killed

    def _ledger(self, name: str, trip: Callable[[], Any]) -> Any:
        trouble = self._next(f"ledger {name}")
        if self.amnesia:
            self.amnesia.remember()
        if trouble is None:
            return trip()
        if trouble in LOST_WRITES:
            trip()
            self._forget(trouble)
        if trouble not in LEDGER:
            return trip()
        if LEDGER[trouble]:
            trip()
        if trouble.startswith("crash"):
            self.dead = True
            raise Killed
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "The schedule said so."))


def singles(effects: list[str]) -> Iterator[tuple[Strike, ...]]:
    """Yield every schedule with one strike; ``effects`` are those of an undisturbed run."""
    for number, what in enumerate(effects):
        for trouble in _possible(what):
            yield (Strike(effect=number, trouble=trouble),)


def _possible(what: str) -> tuple[str, ...]:
    if what.startswith("ledger"):
        return (*LEDGER, *LOST_WRITES)
    return tuple(HTTP) if what.startswith("http GET") else (*WRITES, *LOST_WRITES)
