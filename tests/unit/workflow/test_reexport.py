"""What was exported goes again: recognised and adopted in e-conomic, never posted twice; what is gone is made anew."""

from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Works
from support.samples import customer, invoice, line

from config.exports import Booking, Export, TypeRules
from worker.domain.invoice import Invoice
from worker.domain.record import Outcome, State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"


def one(works: Works, *lines: Any, **changes: Any) -> Invoice:
    return works.shelf.printed(invoice(*lines, **({"customer": KNOWN} | changes)))


def exported(export: Export) -> Works:
    works = Works(export)
    works.close_period(one(works))
    works.until_rest()
    assert works.record(ID).state is State.EXPORTED
    return works


def again(works: Works) -> None:
    works.hire()
    assert list(works.ledger.reexport([ID], by="kim")) == [ID]
    works.until_rest()


def writes(works: Works) -> list[str]:
    return [f"{entry.method} {entry.path}" for entry in works.sandbox.world.journal.entries if entry.method != "GET"]


@pytest.mark.parametrize(
    "export",
    [
        EXPORT,
        EXPORT.model_copy(update={"booking": Booking(numbers="economic")}),
        EXPORT.model_copy(update={"booking": Booking(book=False)}),
        VOUCHER_EXPORT,
    ],
    ids=["booked", "numbered by e-conomic", "left as draft", "voucher"],
)
def test_what_is_there_is_adopted(export: Export) -> None:
    """Not a single write; the outcome is as it was, and the record says that it was found."""
    works = exported(export)
    outcome, before = works.record(ID).outcome, writes(works)
    again(works)

    record = works.record(ID)
    assert (record.state, record.outcome, record.progress.adopted) == (State.EXPORTED, outcome, True)
    assert writes(works) == before


def test_a_deleted_draft_is_made_anew_after_two_looks() -> None:
    """Its draft was deleted by a person: nothing is found, twice, a minute apart; then it is drafted anew."""
    works = exported(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    works.sandbox.agreement.drafts.clear()
    began = works.clock()
    again(works)

    record = works.record(ID)
    assert (record.outcome, record.progress.adopted, len(works.documents())) == (Outcome.DRAFTED, False, 1)
    assert works.clock() - began >= works.desk.second_look


def test_a_draft_that_a_person_booked_is_adopted_as_booked() -> None:
    """Left as a draft on purpose, booked by hand since: the record learns its number."""
    works = exported(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    agreement = works.sandbox.agreement
    draft = agreement.drafts.pop(1)
    agreement.booked[20001] = {**draft, "bookedInvoiceNumber": 20001, "orderNumber": 1}
    again(works)

    record = works.record(ID)
    assert (record.outcome, record.progress.booked_number) == (Outcome.BOOKED, 20001)


def test_a_booked_invoice_is_recognised_by_its_number_too() -> None:
    """Its reference shows no more in listings: the number that we booked it under is proof enough."""
    works = exported(EXPORT.model_copy(update={"booking": Booking(numbers="economic")}))
    works.sandbox.agreement.booked[20001]["references"] = {"other": "changed by hand"}
    before = writes(works)
    again(works)

    assert (works.record(ID).outcome, writes(works)) == (Outcome.BOOKED, before)


def test_a_deleted_voucher_is_posted_anew() -> None:
    """Deleted from its journal by a person: posted again, with its PDF."""
    works = exported(VOUCHER_EXPORT)
    works.sandbox.agreement.vouchers.clear()
    works.sandbox.agreement.attachments.clear()
    again(works)

    assert works.record(ID).outcome == Outcome.VOUCHER
    assert len(works.sandbox.agreement.vouchers) == len(works.sandbox.agreement.attachments) == 1


def test_what_is_there_goes_through_whatever_the_set_up_has_become() -> None:
    """The accounting year is closed since: what is booked is adopted all the same."""
    works = exported(EXPORT)
    works.sandbox.agreement.years["2026"]["closed"] = True
    again(works)

    assert works.record(ID).outcome == Outcome.BOOKED


def test_what_was_excluded_is_exported_once_its_type_no_longer_is() -> None:
    """A decision about invoice types can be taken back, for old periods too."""
    works = Works(EXPORT.model_copy(update={"types": {"invoice": TypeRules(export=False)}}))
    works.close_period(one(works))
    works.until_rest()
    excluded = works.record(ID).outcome
    works.export = EXPORT
    again(works)

    assert (excluded, works.record(ID).outcome) == (Outcome.EXCLUDED, Outcome.BOOKED)


def test_an_invoice_entered_by_hand_is_not_doubled_after_a_wipe() -> None:
    """Settled, the ledger lost, the event sent again: its number is taken, so nothing is booked and no draft stays."""
    works = Works()
    works.close_period(one(works, line(account="9999")))
    works.until_rest()
    works.ledger.settle_by_hand(ID, by="kim", why="entered as 100353")
    by_hand = exported(EXPORT).sandbox.agreement.booked[100353] | {"references": {}}
    works.sandbox.agreement.booked[100353] = by_hand
    works.wipe()
    works.close_period(one(works))
    works.until_rest()

    record = works.record(ID)
    assert record.failure is not None
    assert (record.state, record.failure.reason) == (State.DEAD, "number-taken")
    assert (works.sandbox.agreement.booked, works.sandbox.agreement.drafts) == ({100353: by_hand}, {})


def test_what_waits_may_be_settled_and_is_never_posted() -> None:
    """Entered by hand while it waited for its original: its message finds nothing to do, nothing reaches e-conomic."""
    works = Works()
    correction = one(works, line("-1.00"), invoice_number=100900, credits_invoice_number=100353)
    works.close_period(one(works, line(account="9999")), correction)
    works.check()
    works.deliver()
    waiting = works.record("main-100900").state
    settled = works.ledger.settle_by_hand("main-100900", by="kim", why="entered by hand")
    works.clock.advance(3600)
    works.sweep()
    works.until_rest()

    assert (waiting, settled) == (State.WAITING, True)
    assert works.record("main-100900").outcome == Outcome.BY_HAND
    assert works.documents() == []


def test_another_companys_invoice_under_the_remembered_number_is_not_ours() -> None:
    """Moved to another agreement, where 20001 is somebody else's over the same 1250.00 DKK: ours is made there."""
    works = exported(EXPORT.model_copy(update={"booking": Booking(numbers="economic")}))
    booked = works.sandbox.agreement.booked
    booked[20001] |= {"references": {"other": "main-7"}, "customer": {"customerNumber": 1002}}
    again(works)

    assert [document.number for document in works.documents() if document.reference == ID] == [20002]
    assert works.record(ID).progress.booked_number == 20002
