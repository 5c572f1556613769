"""Executions that take longer than a lease, because e-conomic takes its time."""

import threading
from collections.abc import Callable
from dataclasses import replace

import httpx
from support.samples import customer, invoice
from support.works import Works

from worker.export.keeping import Keeper
from worker.invoicing.record import State
from worker.ledger import LedgerPolicy

ID = "main-100353"
LEASE = LedgerPolicy().lease_seconds
SOURCE = invoice(customer=customer(corporate_id=None))


def _slow(works: Works) -> None:
    """Let each call take two leases in four parts; in each, wait a moment for a renewal before others may look."""
    beat = threading.Event()

    def trip(name: str, make: Callable[[], object]) -> object:
        if name == "renew":
            beat.set()
        return make()

    def call(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        for _ in range(4):
            works.clock.advance(LEASE / 2)
            beat.clear()
            beat.wait(0.2)
            works.sweep()
        return answer(request)

    works.around_ledger, works.around_http = trip, call


def test_a_slow_e_conomic_is_not_taken_for_a_dead_worker() -> None:
    """Every call takes 40 s; the lease of 20 s is kept, so nobody else is sent and no crash is counted."""
    works = Works()
    works.close_period(SOURCE)
    works.check()
    works.exporter = replace(works.exporter, keeping=Keeper(every=0.01).keeping)
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
