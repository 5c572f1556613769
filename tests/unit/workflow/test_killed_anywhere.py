"""A worker that dies at any one effect of what goes beyond a plain export: the end is the same, exactly once."""

from collections.abc import Callable
from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Killed, Works
from support.samples import customer, invoice, line

from config.exports import Booking, Customers, Export
from worker.domain.invoice import Invoice
from worker.domain.record import State

ID = "main-100353"
MOVED = customer(
    corporate_id=None, name="Aalbæk Tømrerfirma ApS", address="Ny Vej 1", changed_at="2026-11-01T12:00:00Z"
)
UPDATING = Customers(group=21, layout=17, update="newer")
DRAFTING = EXPORT.model_copy(update={"booking": Booking(book=False)})
BEFORE, AFTER = "before", "after"


class Fate:
    """Kills the worker at one effect, before it takes place or after, when its answer is on its way."""

    def __init__(self, works: Works, at: int, when: str) -> None:
        self.left, self.when = at, when
        works.around_http = lambda request, answer: self.strike(lambda: answer(request))
        works.around_ledger = lambda _, trip: self.strike(trip)

    def strike(self, effect: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left == 0 and self.when == BEFORE:
            raise Killed
        done = effect()
        if self.left == 0:
            raise Killed
        return done


def survive(works: Works) -> None:
    """Work until everything rests; a killed worker is replaced."""
    try:
        works.until_rest()
    except Killed:
        works.mailbox.clear()
        works.hire()
        works.clock.advance(300)
        works.until_rest()


def source(works: Works, **changes: Any) -> Invoice:
    return works.shelf.printed(invoice(line("1000.00"), **({"customer": MOVED} | changes)))


def everywhere(play: Callable[[int, str], bool]) -> int:
    """Play once for each effect until there are none left to strike at; return how many there were."""
    struck = 0
    for at in range(1, 200):
        for when in (BEFORE, AFTER):
            if not play(at, when):
                return struck
            struck += 1
    raise AssertionError("the play has no end")


@pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
def test_a_customer_is_updated_and_its_invoice_posted_once(base: Export) -> None:
    """Whatever call or trip the worker dies at: the address is Opter's, one document, at most two equal updates."""

    def play(at: int, when: str) -> bool:
        works = Works(base.model_copy(update={"customers": UPDATING}))
        works.close_period(source(works))
        fate = Fate(works, at, when)
        survive(works)
        assert works.record(ID).state is State.EXPORTED, (at, when)
        assert works.sandbox.agreement.customers[1001]["address"] == "Ny Vej 1"
        assert len(works.documents()) + len(works.sandbox.agreement.vouchers) == 1
        assert works.sandbox.world.journal.findings == []
        return fate.left <= 0

    assert everywhere(play) > 20


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("base", [EXPORT, DRAFTING, VOUCHER_EXPORT], ids=["booked", "drafted", "voucher"])
def test_what_goes_again_stands_there_once(base: Export, *, deleted: bool) -> None:
    """Found or made anew, with the worker dying anywhere on the way: one document, one outcome."""

    def play(at: int, when: str) -> bool:
        works = Works(base)
        works.close_period(source(works))
        works.until_rest()
        outcome = works.record(ID).outcome
        if deleted:
            works.sandbox.agreement.drafts.clear()
            works.sandbox.agreement.vouchers.clear()
            works.sandbox.agreement.attachments.clear()
        works.hire()
        works.ledger.reexport([ID], by="kim")
        fate = Fate(works, at, when)
        survive(works)
        assert (works.record(ID).state, works.record(ID).outcome) == (State.EXPORTED, outcome), (at, when)
        assert len(works.documents()) + len(works.sandbox.agreement.vouchers) == 1
        return fate.left <= 0

    assert everywhere(play) > 10


def test_a_correction_comes_after_its_original() -> None:
    """Correction first in the queue: both end booked, the original before the correction, wherever a worker dies."""

    def play(at: int, when: str) -> bool:
        works = Works()
        credit = source(works, invoice_number=100001, credits_invoice_number=100353)
        works.close_period(credit, source(works))
        fate = Fate(works, at, when)
        survive(works)
        assert [document.number for document in works.documents()] == [100353, 100001], (at, when)
        return fate.left <= 0

    assert everywhere(play) > 20
