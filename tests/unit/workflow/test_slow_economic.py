"""Executions that take longer than a lease, because e-conomic takes its time."""

import queue
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import httpx
from support.chaos.scenarios import NEW
from support.harness import Harness
from support.samples import customer, invoice

from worker.domain.record import State
from worker.errors import Busy
from worker.store.connection import StorePolicy
from worker.workflow.lease_renewal import LeaseRenewer

ID = "main-100353"
LEASE = StorePolicy().lease_seconds
SOURCE = invoice(customer=customer(corporate_id=None))


def _slow(harness: Harness) -> None:
    """Let each call take two leases in four parts; in each, wait for all leases to be renewed, if somebody does."""
    beats: queue.Queue[str] = queue.Queue()

    def trip(name: str, make: Callable[[], object]) -> object:
        if name == "renew":
            beats.put(name)
        return make()

    def call(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        for _ in range(4):
            harness.clock.advance(LEASE / 2)
            beats.queue.clear()
            with suppress(queue.Empty):  # from the invoice's one beat to its next but one, all others have had theirs
                for _ in range(3):
                    beats.get(timeout=0.2)
            harness.sweep()
        return answer(request)

    harness.around_store, harness.around_http = trip, call


def _keep(harness: Harness) -> None:
    context = replace(harness.context, lease_renewal=LeaseRenewer(every=0.01).lease_renewal)
    harness.exporter = replace(harness.exporter, context=lambda _: context)


def test_a_slow_e_conomic_is_not_taken_for_a_dead_worker() -> None:
    """Every call takes 40 s; the lease of 20 s is kept, so nobody else is sent and no crash is counted."""
    harness = Harness()
    harness.close_period(SOURCE)
    harness.check()
    _keep(harness)
    _slow(harness)
    harness.deliver()
    record = harness.record(ID)

    assert (record.state, record.fence, record.crashes, harness.mailbox) == (State.EXPORTED, 1, 0, [])


def test_without_a_word_another_takes_over() -> None:
    """The counterpart: a frozen worker renews nothing; its invoice is called for again."""
    harness = Harness()
    harness.close_period(SOURCE)
    harness.check()
    _slow(harness)
    harness.deliver()

    assert harness.mailbox == [ID]


def test_the_creation_of_a_customer_is_kept_too() -> None:
    """Every call of it takes 40 s; nobody else gets at it in between, and the customer is there once."""
    harness = Harness()
    harness.close_period(invoice(customer=NEW))
    harness.check()
    _keep(harness)
    _slow(harness)
    slow, met = harness.around_http, list[str]()

    def call(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        def looked(asked: httpx.Request) -> httpx.Response:
            met.append(_of_another(harness))
            return answer(asked)

        return slow(request, looked if request.url.path == "/customers" else answer)

    harness.around_http = call
    harness.deliver()

    assert harness.record(ID).state is State.EXPORTED
    assert met == ["busy"] * len(met) != []


def _of_another(harness: Harness) -> str:
    [key] = [key for key in harness.store.shared if key.startswith("making:")]
    try:
        harness.store.open_shared(key)
    except Busy:
        return "busy"
    return "open"
