"""One fault schedule played on one invoice, in one thread: each effect is counted, and some are struck."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.chaos.faults import AMNESIA, HTTP, LATE, LEDGER, PAYLOAD_CHANGED, WRITES, Answer, Limbo, use_key
from support.chaos.lost_writes import Amnesia
from support.harness import Killed, Works

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import State
from worker.errors import LedgerDown

_RESTS = frozenset({State.EXPORTED, State.DEAD})


@dataclass(frozen=True, kw_only=True)
class Strike:
    """One trouble at one effect, counted from 0 over the whole schedule."""

    effect: int
    trouble: str


@dataclass(kw_only=True)
class Play:
    """One schedule on one installation."""

    works: Works
    strikes: tuple[Strike, ...] = ()
    #: What each effect was: ``http POST /invoices/drafts`` or ``ledger save``.
    effects: list[str] = field(default_factory=list)
    #: Happens after the first turn.
    between: Callable[[], None] = lambda: None
    limbo: Limbo = field(default_factory=Limbo)
    dead: bool = False

    def __post_init__(self) -> None:
        self.amnesia = Amnesia(works=self.works) if any(one.trouble in AMNESIA for one in self.strikes) else None
        self.works.around_http = self._http
        self.works.around_ledger = self._ledger

    def run(self, *, gap: float = 0.0, most: int = 400) -> None:
        """Deliver, let others pick up what was left, until everything rests. ``gap`` seconds pass after the first."""
        works = self.works
        works.sweep()
        self._turn()
        if gap:
            self.limbo.land(float("inf"))  # no request travels for half an hour
            works.clock.advance(gap)
        self.between()
        for _ in range(most):
            if all(record.state in _RESTS for record in works.records()):
                self.limbo.land(float("inf"))
                return
            works.clock.advance(5.0)
            works.sweep()
            self._turn()
        states = [(record.id, record.state, record.failure, record.progress) for record in works.records()]
        raise AssertionError(f"still moving: {states}")

    def _turn(self) -> None:
        works = self.works
        self.limbo.tick()
        try:
            if works.ledger.periods_due():
                works.check()
            works.deliver()
        except (Killed, LedgerDown):
            pass
        if self.dead:
            self.dead = False
            works.hire()

    def _next(self, what: str) -> str | None:
        if self.dead:
            raise Killed
        self.limbo.tick()
        self.works.clock.advance(0.001)  # no two moments are the same
        number = len(self.effects)
        self.effects.append(what)
        return next((strike.trouble for strike in self.strikes if strike.effect == number), None)

    def _http(self, request: httpx.Request, answer: Answer) -> httpx.Response:
        trouble = self._next(f"http {request.method} {request.url.path}")
        if trouble is None:
            return answer(request)
        if trouble in AMNESIA:
            answer(request)
            self._forget(trouble)
        if trouble in HTTP:
            return self._struck(HTTP[trouble], request, answer)
        if request.method != "GET" and trouble in LATE:
            return self.limbo.lose(trouble, request, answer)
        if request.method != "GET" and trouble == PAYLOAD_CHANGED:
            use_key(self.works, request)
        return answer(request)

    def _struck(self, strike: Callable[..., httpx.Response], request: httpx.Request, answer: Answer) -> httpx.Response:
        try:
            return strike(request, answer)
        except Killed:
            self.dead = True
            raise

    def _forget(self, trouble: str) -> None:
        if self.amnesia:
            self.amnesia.strike(AMNESIA[trouble])
        self.dead = True
        raise Killed

    def _ledger(self, name: str, trip: Callable[[], Any]) -> Any:
        trouble = self._next(f"ledger {name}")
        if self.amnesia:
            self.amnesia.remember()
        if trouble is None:
            return trip()
        if trouble in AMNESIA:
            trip()
            self._forget(trouble)
        if trouble not in LEDGER:
            return trip()
        if LEDGER[trouble]:
            trip()
        if trouble.startswith("crash"):
            self.dead = True
            raise Killed
        raise LedgerDown(failure(ProcessReason.STORE_UNAVAILABLE, "The schedule said so."))


def singles(effects: list[str]) -> Iterator[tuple[Strike, ...]]:
    """Yield every schedule with one strike; ``effects`` are those of an undisturbed run."""
    for number, what in enumerate(effects):
        for trouble in _possible(what):
            yield (Strike(effect=number, trouble=trouble),)


def _possible(what: str) -> tuple[str, ...]:
    if what.startswith("ledger"):
        return (*LEDGER, *AMNESIA)
    return tuple(HTTP) if what.startswith("http GET") else (*WRITES, *AMNESIA)
