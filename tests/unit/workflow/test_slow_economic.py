"""Executions that take longer than a lease, because e-conomic takes its time."""

import queue
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import httpx
from support.chaos.scenarios import NEW
from support.harness import Works
from support.samples import customer, invoice

from worker.domain.record import State
from worker.errors import Busy
from worker.store import LedgerPolicy
from worker.workflow.lease_renewal import Keeper

ID = "main-100353"
LEASE = LedgerPolicy().lease_seconds
SOURCE = invoice(customer=customer(corporate_id=None))


def _slow(works: Works) -> None:
    """Let each call take two leases in four parts; in each, wait for all leases to be renewed, if somebody does."""
    beats: queue.Queue[str] = queue.Queue()

    def trip(name: str, make: Callable[[], object]) -> object:
        if name == "renew":
            beats.put(name)
        return make()

    def call(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        for _ in range(4):
            works.clock.advance(LEASE / 2)
            beats.queue.clear()
            with suppress(queue.Empty):  # from the invoice's one beat to its next but one, all others have had theirs
                for _ in range(3):
                    beats.get(timeout=0.2)
            works.sweep()
        return answer(request)

    works.around_ledger, works.around_http = trip, call


def _keep(works: Works) -> None:
    desk = replace(works.desk, keeping=Keeper(every=0.01).keeping)
    works.exporter = replace(works.exporter, desk=lambda _: desk)


def test_a_slow_e_conomic_is_not_taken_for_a_dead_worker() -> None:
    """Every call takes 40 s; the lease of 20 s is kept, so nobody else is sent and no crash is counted."""
    works = Works()
    works.close_period(SOURCE)
    works.check()
    _keep(works)
    _slow(works)
    works.deliver()
    record = works.record(ID)

    assert (record.state, record.fence, record.crashes, works.mailbox) == (State.EXPORTED, 1, 0, [])


def test_without_a_word_another_takes_over() -> None:
    """The counterpart: a frozen worker renews nothing; its invoice is called for again."""
    works = Works()
    works.close_period(SOURCE)
    works.check()
    _slow(works)
    works.deliver()

    assert works.mailbox == [ID]


def test_the_creation_of_a_customer_is_kept_too() -> None:
    """Every call of it takes 40 s; nobody else gets at it in between, and the customer is there once."""
    works = Works()
    works.close_period(invoice(customer=NEW))
    works.check()
    _keep(works)
    _slow(works)
    slow, met = works.around_http, list[str]()

    def call(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        def looked(asked: httpx.Request) -> httpx.Response:
            met.append(_of_another(works))
            return answer(asked)

        return slow(request, looked if request.url.path == "/customers" else answer)

    works.around_http = call
    works.deliver()

    assert works.record(ID).state is State.EXPORTED
    assert met == ["busy"] * len(met) != []


def _of_another(works: Works) -> str:
    [key] = [key for key in works.ledger.shared if key.startswith("making:")]
    try:
        works.ledger.open_shared(key)
    except Busy:
        return "busy"
    return "open"
