"""Fault schedules: which trouble strikes at which effect of one export, enumerated and played."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.works import PERIOD, Killed, Works

from worker.errors import LedgerDown
from worker.invoicing.invoice import Invoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.record import State

Answer = Callable[[httpx.Request], httpx.Response]


def _status(code: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    def reply(request: httpx.Request) -> httpx.Response:
        body = {"message": "The schedule said so.", "httpStatusCode": code}
        return httpx.Response(code, json=body, headers=headers, request=request)

    return reply


def _raise(error: Callable[[httpx.Request], BaseException]) -> Callable[[httpx.Request], httpx.Response]:
    def cut(request: httpx.Request) -> httpx.Response:
        raise error(request)

    return cut


def _before(act: Answer) -> Callable[[httpx.Request, Answer], httpx.Response]:
    return lambda request, _: act(request)


def _after(act: Answer) -> Callable[[httpx.Request, Answer], httpx.Response]:
    def strike(request: httpx.Request, answer: Answer) -> httpx.Response:
        answer(request)
        return act(request)

    return strike


#: Trouble at an HTTP call: before it is processed, or after.
HTTP: Mapping[str, Callable[[httpx.Request, Answer], httpx.Response]] = {
    "crash-before": _before(_raise(lambda _: Killed())),
    "crash-after": _after(_raise(lambda _: Killed())),
    "connect-error": _before(_raise(lambda request: httpx.ConnectError("refused", request=request))),
    "timeout-before": _before(_raise(lambda request: httpx.ReadTimeout("silence", request=request))),
    "timeout-after": _after(_raise(lambda request: httpx.ReadTimeout("silence", request=request))),
    "cut-after": _after(_raise(lambda request: httpx.RemoteProtocolError("cut", request=request))),
    "500-before": _before(_status(500)),
    "500-after": _after(_status(500)),
    "503-before": _before(_status(503)),
    "429-before": _before(_status(429, **{"Retry-After": "30"})),
    "garbage-after": _after(lambda request: httpx.Response(200, content=b"<html>", request=request)),
}
#: Trouble at a trip to Redis.
LEDGER: Mapping[str, bool] = {
    "crash-before": False,
    "crash-after": True,
    "ledger-down-before": False,
    "ledger-down-after": True,
}


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
    dead: bool = False

    def __post_init__(self) -> None:
        self.works.around_http = self._http
        self.works.around_ledger = self._ledger

    def _next(self, what: str) -> str | None:
        number = len(self.effects)
        self.effects.append(what)
        return next((strike.trouble for strike in self.strikes if strike.effect == number), None)

    def _http(self, request: httpx.Request, answer: Answer) -> httpx.Response:
        if self.dead:
            raise Killed
        trouble = self._next(f"http {request.method} {request.url.path}")
        try:
            return HTTP[trouble](request, answer) if trouble in HTTP else answer(request)
        except Killed:
            self.dead = True
            raise

    def _ledger(self, name: str, trip: Callable[[], Any]) -> Any:
        if self.dead:
            raise Killed
        trouble = self._next(f"ledger {name}")
        if trouble not in LEDGER:
            return trip()
        if LEDGER[trouble]:
            trip()
        if trouble.startswith("crash"):
            self.dead = True
            raise Killed
        raise LedgerDown(failure(Reason.LEDGER_DOWN, "The schedule said so."))

    def run(self, *, gap: float = 0.0, most: int = 400) -> None:
        """Deliver, let others pick up what was left, until everything rests. ``gap`` seconds pass after the first."""
        works = self.works
        works.sweep()
        self._turn(works)
        works.clock.advance(gap)
        for _ in range(most):
            if all(record.state in {State.EXPORTED, State.DEAD} for record in works.records()):
                return
            works.clock.advance(5.0)
            works.sweep()
            self._turn(works)
        states = [(record.id, record.state, record.failure, record.progress) for record in works.records()]
        raise AssertionError(f"still moving: {states}")

    def _turn(self, works: Works) -> None:
        try:
            if works.ledger.periods_due():
                works.check()
            works.deliver()
        except (Killed, LedgerDown):
            pass
        if self.dead:
            self.dead = False
            works.hire()


def singles(effects: int, ledger: Mapping[int, bool]) -> Iterator[tuple[Strike, ...]]:
    """Yield every schedule with one strike; ``ledger`` tells which effects are trips to Redis."""
    for number in range(effects):
        for trouble in LEDGER if ledger[number] else HTTP:
            yield (Strike(effect=number, trouble=trouble),)


def pairs(effects: int, ledger: Mapping[int, bool], *, reach: int = 12) -> Iterator[tuple[Strike, ...]]:
    """Yield every schedule whose second strike comes within ``reach`` effects of the first."""
    troubles = sorted({*LEDGER, *HTTP})
    for (first,) in singles(effects, ledger):
        for offset, trouble in itertools.product(range(1, reach + 1), troubles):
            yield (first, Strike(effect=first.effect + offset, trouble=trouble))


def verdict(works: Works, *invoices: Invoice) -> list[str]:
    """Return what is wrong in the end: each invoice booked once, equal to the øre, nothing else left behind."""
    wrong = []
    documents = works.documents()
    for invoice in invoices:
        reference = f"main-{invoice.invoice_number}"
        mine = [one for one in documents if one.reference == reference]
        record = works.record(reference)
        if record.state is not State.EXPORTED:
            wrong.append(f"{reference} is {record.state}: {record.failure}")
        if [one.booked for one in mine] != [True]:
            wrong.append(f"{reference} stands {len(mine)} times: {mine}")
        elif (mine[0].net, mine[0].vat, mine[0].gross) != (invoice.net, invoice.vat, invoice.gross):
            wrong.append(f"{reference} has other amounts")
    if works.reported:
        wrong.append(f"bugs: {works.reported}")
    return wrong


__all__ = ["HTTP", "LEDGER", "PERIOD", "Play", "Strike", "pairs", "singles", "verdict"]
