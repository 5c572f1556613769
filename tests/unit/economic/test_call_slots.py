"""Bound of the calls that an export has under way, whatever its executions do in between."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support.clock import ManualClock
from support.economic_bodies import NOT_FOUND, networked_client
from support.rate_limiter import PatientRateLimiter

from worker.economic.client import EconomicClient
from worker.economic.thread_clients import CallSlots
from worker.errors import Stopped, Unreachable

CALLS, THREADS = 4, 6
#: Seconds; what is waited for comes far sooner.
PATIENCE = 10.0


class Hanging:
    """Answers nothing until it is let go; counts what is under way, and what ever was at once."""

    def __init__(self) -> None:
        self.under_way = self.most = self.asked = 0
        self.go = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, _: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.go.wait(PATIENCE)
        with self._lock:
            self.under_way -= 1
        return httpx.Response(404, json=NOT_FOUND)


def economic(
    wire: Callable[[httpx.Request], httpx.Response],
    slots: CallSlots,
    *,
    stopped: Callable[[], bool] = lambda: False,
    **http: float,
) -> EconomicClient:
    return networked_client(transport=lambda: httpx.MockTransport(wire), slot=slots.taken, stopped=stopped, **http)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_never_more_calls_than_slots_are_under_way() -> None:
    """Six executions and four slots: four calls at once, and all six are made."""
    wire, slots = Hanging(), CallSlots(CALLS, patience=PATIENCE)
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(economic(wire, slots).resource, "/self") for _ in range(THREADS)]
        wait_for(lambda: wire.under_way == CALLS)
        time.sleep(0.05)
        at_first = wire.asked
        wire.go.set()
        for call in calls:
            call.result()

    assert (at_first, wire.most, wire.asked) == (CALLS, CALLS, THREADS)


def test_what_is_read_back_shares_the_slots() -> None:
    """Paced readings go to the same agreement, so they count as well."""
    wire, slots = Hanging(), CallSlots(1, patience=0.05)
    client = economic(wire, slots)
    paced = client.paced(PatientRateLimiter(ManualClock()))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.resource, "/self")
        wait_for(lambda: wire.under_way == 1)
        with pytest.raises(Unreachable):
            paced.resource("/self")
        wire.go.set()
        call.result()

    assert wire.asked == 1


def test_a_call_that_gets_no_slot_was_never_sent() -> None:
    """So a retry is safe; and no write waits behind others until e-conomic has forgotten its key."""
    wire, slots = Hanging(), CallSlots(1, patience=0.05)
    with slots.taken(), pytest.raises(Unreachable):
        economic(wire, slots).resource("/self")

    assert wire.asked == 0


def test_a_call_that_fails_gives_its_slot_back() -> None:
    """A slot that is lost is lost until the process ends."""
    slots = CallSlots(1, patience=0.05)

    def broken(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    for _ in range(3):
        with pytest.raises(Unreachable, match="ConnectError"):
            economic(broken, slots).resource("/self")


def test_a_process_that_has_to_end_meanwhile_sends_nothing() -> None:
    """Its time is over while the call waits for its slot: what was meant stands in the record, another goes on."""
    wire, slots, ending = Hanging(), CallSlots(1, patience=PATIENCE), threading.Event()
    wire.go.set()
    with ThreadPoolExecutor(1) as pool:
        with slots.taken():
            call = pool.submit(economic(wire, slots, stopped=ending.is_set).resource, "/self")
            time.sleep(0.05)
            ending.set()
        with pytest.raises(Stopped):
            call.result()

    assert wire.asked == 0


def test_the_time_of_a_call_begins_with_its_slot() -> None:
    """A wait of 0.3 s takes nothing from a deadline of 0.2 s: the answer comes at once."""
    deadlines = list[float]()

    def answer(request: httpx.Request) -> httpx.Response:
        deadlines.append(request.extensions["deadline"] - time.monotonic())
        return httpx.Response(404, json=NOT_FOUND)

    slots = CallSlots(1, patience=PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        with slots.taken():
            call = pool.submit(economic(answer, slots, deadline=0.2).resource, "/self")
            time.sleep(0.3)
        assert call.result() is None

    assert 0 < deadlines[0] <= 0.2
