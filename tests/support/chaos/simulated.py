"""Hours of an installation in seconds: outages and scarce tokens on a clock that only waits move.

The rate limiter is the product's, on a real Redis; all else is in memory.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import httpx
import redis
from support.clock import ManualClock
from support.harness import Harness
from support.samples import customer, invoice

from worker.domain.invoice import Invoice
from worker.domain.record import State
from worker.local.embedded import EmbeddedServer
from worker.store.rate_limiter import RedisRateLimiter

#: Seconds between two sweeps, as by default.
_SWEEP = 1.0


def period(count: int) -> list[Invoice]:
    """Return invoices of known customers: two calls each."""
    return [
        invoice(
            invoice_number=500_001 + n,
            customer=customer(code=f"C-{n % 30}", ledger_number=1001 + n % 30, corporate_id=None),
        )
        for n in range(count)
    ]


@contextmanager
def simulation() -> Iterator[Harness]:
    """Yield a harness whose calls are paced by the real rate limiter, by the harness's clock."""
    with (
        TemporaryDirectory(prefix="rate-") as folder,
        EmbeddedServer(Path(folder)) as server,
        redis.Redis.from_url(server.url) as client,
    ):

        def limiter(clock: ManualClock) -> RedisRateLimiter:
            return RedisRateLimiter(client, clock=clock, sleep=clock.advance)

        yield Harness(limiter=limiter)


def until_rest(harness: Harness, *, most: float) -> None:
    """Sweep and work until every invoice rests; ``most`` bounds the simulated seconds."""
    end = harness.clock() + most
    while harness.clock() < end:
        if harness.store.periods_due():
            harness.check()
        harness.deliver()
        if all(record.state in {State.EXPORTED, State.DEAD} for record in harness.records()):
            return
        harness.clock.advance(_SWEEP)
        harness.sweep()
    counts = Counter(record.state for record in harness.records())
    raise AssertionError(f"still moving after {most:g} s: {counts}")


@dataclass(frozen=True, kw_only=True)
class Outage:
    """What an outage has cost."""

    #: The largest number of attempts that any invoice has used up.
    attempts: int
    dead: int
    booked: int
    #: Calls that were sent into the outage, and those that a schedule without backoff would send: one a sweep.
    calls: int


def outage(seconds: float, fault: Callable[[httpx.Request], httpx.Response], *, count: int = 30) -> Outage:
    """Let e-conomic fail for so long in the middle of a period; return what it cost."""
    with simulation() as harness:
        return _outage(harness, seconds, fault, count)


def _outage(harness: Harness, seconds: float, fault: Callable[[httpx.Request], httpx.Response], count: int) -> Outage:
    harness.close_period(*period(count))
    begins = harness.clock() + 2.0
    calls = 0

    def around(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        nonlocal calls
        if not begins <= harness.clock() < begins + seconds:
            harness.clock.advance(0.1)
            return answer(request)
        calls += 1
        return fault(request)

    attempts: Counter[str] = Counter()

    def store(name: str, trip: Callable[[], object]) -> object:
        result = trip()
        for record in harness.records() if name == "save" else ():
            attempts[record.id] = max(attempts[record.id], record.attempts)
        return result

    harness.around_http, harness.around_store = around, store
    until_rest(harness, most=seconds + 7200)
    states = Counter(record.state for record in harness.records())
    return Outage(
        attempts=max(attempts.values()),
        dead=states[State.DEAD],
        booked=len(harness.sandbox.agreement.booked),
        calls=calls,
    )


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How a period used what e-conomic grants."""

    calls: int
    throttled: int
    #: Tokens spent over tokens granted, while there was more to do than they allow.
    used: float


#: Tokens that every call of an export costs in the sandbox.
COST = 3


def scarce(*, granted: int, minutes: int, mode: Literal["window", "refill"]) -> Rate:
    """Export a period that wants more tokens than ``granted`` a minute; measure ``minutes`` in its middle."""
    with simulation() as harness:
        return _scarce(harness, granted, minutes, mode)


def _scarce(harness: Harness, granted: int, minutes: int, mode: Literal["window", "refill"]) -> Rate:
    harness.sandbox.server_state.protocol_switches.rate_limit = granted
    harness.sandbox.server_state.protocol_switches.rate_mode = mode
    harness.close_period(*period(granted * (minutes + 3) // (2 * COST)))
    began = harness.clock()
    with suppress(AssertionError):  # it wants more than there is
        until_rest(harness, most=60.0 * (minutes + 2))
    entries = [asdict(entry) for entry in harness.sandbox.server_state.request_log.entries]
    return rate(entries, began + 60, minutes, granted)


def rate(entries: Sequence[Mapping[str, Any]], since: float, minutes: float, granted: int) -> Rate:
    """Return the rate of the journal's entries in so many minutes from ``since`` on (seconds since the epoch)."""
    seen = [entry for entry in entries if since <= entry["at"] < since + 60 * minutes]
    refused = sum(entry["status"] == HTTPStatus.TOO_MANY_REQUESTS for entry in seen)
    return Rate(calls=len(seen), throttled=refused, used=COST * (len(seen) - refused) / (granted * minutes))


@dataclass(frozen=True, kw_only=True)
class Lossy:
    """How a period fared whose calls failed now and then."""

    #: Simulated seconds until every invoice rested.
    seconds: float
    booked: int
    dead: int


#: Seconds of one call to e-conomic, and of one that is given up; so many are under way at a time.
_LATENCY, _GIVEN_UP, _SLOTS = 0.3, 10.0, 10


def lossy(share: float, *, seed: int, count: int = 250) -> Lossy:
    """Let this share of all calls fail, each in one of seven ways; ways and moments follow from the seed."""
    chance = random.Random(seed)  # repeatability, not secrecy
    with simulation() as harness:

        def around(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
            harness.clock.advance(_LATENCY / _SLOTS)
            if chance.random() >= share:
                return answer(request)
            return _lost(chance.choice(_WAYS), harness, request, answer)

        harness.around_http = around
        harness.close_period(*period(count))
        began = harness.clock()
        until_rest(harness, most=7200)
        states = Counter(record.state for record in harness.records())
        return Lossy(
            seconds=harness.clock() - began,
            booked=len(harness.sandbox.agreement.booked),
            dead=states[State.DEAD],
        )


_WAYS = ("500", "502", "503", "429", "reset", "given up", "answer lost")


def _lost(
    way: str, harness: Harness, request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    match way:
        case "reset":
            raise httpx.ConnectError("reset", request=request)
        case "given up":
            harness.clock.advance(_GIVEN_UP / _SLOTS)
            raise httpx.ReadTimeout("given up", request=request)
        case "answer lost":
            answer(request)
            raise httpx.RemoteProtocolError("lost", request=request)
        case _:
            return httpx.Response(int(way), text="<html>a gateway's page</html>")
