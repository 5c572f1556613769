"""A worker that dies at any one effect of what goes beyond a plain export: the end is the same, exactly once."""

from collections.abc import Callable
from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness, Killed
from support.samples import customer, invoice, line

from config.export_schema import Booking, Customers
from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.record import State

ID = "main-100353"
MOVED = customer(
    corporate_id=None, name="Aalbæk Tømrerfirma ApS", address="Ny Vej 1", changed_at="2026-11-01T12:00:00Z"
)
UPDATING = Customers(group=21, layout=17, update="newer")
DRAFTING = EXPORT.model_copy(update={"booking": Booking(book=False)})
BEFORE, AFTER = "before", "after"


class PlannedAction:
    """Kills the worker at one effect, before it takes place or after, when its answer is on its way."""

    def __init__(self, harness: Harness, at: int, when: str) -> None:
        self.left, self.when = at, when
        harness.around_http = lambda request, answer: self.strike(lambda: answer(request))
        harness.around_store = lambda _, trip: self.strike(trip)

    def strike(self, effect: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left == 0 and self.when == BEFORE:
            raise Killed
        done = effect()
        if self.left == 0:
            raise Killed
        return done


def survive(harness: Harness) -> None:
    """Work until everything rests; a killed worker is replaced."""
    try:
        harness.until_rest()
    except Killed:
        harness.mailbox.clear()
        harness.hire()
        harness.clock.advance(300)
        harness.until_rest()


def source(harness: Harness, **changes: Any) -> Invoice:
    return harness.pdf_fixtures.printed(invoice(line("1000.00"), **({"customer": MOVED} | changes)))


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
def test_a_customer_is_updated_and_its_invoice_posted_once(base: ExportConfig) -> None:
    """Whatever call or trip the worker dies at: the address is Opter's, one document, at most two equal updates."""

    def play(at: int, when: str) -> bool:
        harness = Harness(base.model_copy(update={"customers": UPDATING}))
        harness.close_period(source(harness))
        action = PlannedAction(harness, at, when)
        survive(harness)
        assert harness.record(ID).state is State.EXPORTED, (at, when)
        assert harness.sandbox.agreement.customers[1001]["address"] == "Ny Vej 1"
        assert len(harness.documents()) + len(harness.sandbox.agreement.vouchers) == 1
        assert harness.sandbox.server_state.request_log.findings == []
        return action.left <= 0

    assert everywhere(play) > 20


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("base", [EXPORT, DRAFTING, VOUCHER_EXPORT], ids=["booked", "drafted", "voucher"])
def test_what_goes_again_stands_there_once(base: ExportConfig, *, deleted: bool) -> None:
    """Found or made anew, with the worker dying anywhere on the way: one document, one outcome."""

    def play(at: int, when: str) -> bool:
        harness = Harness(base)
        harness.close_period(source(harness))
        harness.until_rest()
        outcome = harness.record(ID).outcome
        if deleted:
            harness.sandbox.agreement.drafts.clear()
            harness.sandbox.agreement.vouchers.clear()
            harness.sandbox.agreement.attachments.clear()
        harness.hire()
        harness.store.reexport([ID], by="kim")
        action = PlannedAction(harness, at, when)
        survive(harness)
        assert (harness.record(ID).state, harness.record(ID).outcome) == (State.EXPORTED, outcome), (at, when)
        assert len(harness.documents()) + len(harness.sandbox.agreement.vouchers) == 1
        return action.left <= 0

    assert everywhere(play) > 10


def test_a_correction_comes_after_its_original() -> None:
    """Correction first in the queue: both end booked, the original before the correction, wherever a worker dies."""

    def play(at: int, when: str) -> bool:
        harness = Harness()
        credit = source(harness, invoice_number=100001, credits_invoice_number=100353)
        harness.close_period(credit, source(harness))
        action = PlannedAction(harness, at, when)
        survive(harness)
        assert [document.number for document in harness.documents()] == [100353, 100001], (at, when)
        return action.left <= 0

    assert everywhere(play) > 20


@pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
def test_a_new_customer_is_created_once_and_remarked_on(base: ExportConfig) -> None:
    """Wherever the worker dies: one customer, and what it did not get stands on its invoice, once."""
    unfit = customer(code="NEW-1", ledger_number=5001, corporate_id="31000041", name="Tabt ApS", zip="8" * 31)
    remark = "customer.zip: cut from 31 to 30 characters (new customer)"

    def play(at: int, when: str) -> bool:
        harness = Harness(base)
        harness.close_period(source(harness, customer=unfit))
        action = PlannedAction(harness, at, when)
        survive(harness)
        names = [body["name"] for body in harness.sandbox.agreement.customers.values()]
        assert (harness.record(ID).state, names.count("Tabt ApS")) == (State.EXPORTED, 1), (at, when)
        assert harness.record(ID).progress.remarks.count(remark) == 1, (at, when)
        return action.left <= 0

    assert everywhere(play) > 20
