"""What was exported goes again: recognised and adopted in e-conomic, never posted twice; what is gone is made anew."""

from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.export_schema import Booking, TypeRules
from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.record import Outcome, State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"


def sample(harness: Harness, *lines: Any, **changes: Any) -> Invoice:
    return harness.pdf_fixtures.printed(invoice(*lines, **({"customer": KNOWN} | changes)))


def exported(export: ExportConfig) -> Harness:
    harness = Harness(export)
    harness.close_period(sample(harness))
    harness.until_rest()
    assert harness.record(ID).state is State.EXPORTED
    return harness


def again(harness: Harness) -> None:
    harness.hire()
    assert list(harness.store.reexport([ID], by="kim")) == [ID]
    harness.until_rest()


def writes(harness: Harness) -> list[str]:
    return [
        f"{entry.method} {entry.path}"
        for entry in harness.sandbox.server_state.request_log.entries
        if entry.method != "GET"
    ]


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
def test_what_is_there_is_adopted(export: ExportConfig) -> None:
    """Not a single write; the outcome is as it was, and the record says that it was found."""
    harness = exported(export)
    outcome, before = harness.record(ID).outcome, writes(harness)
    again(harness)

    record = harness.record(ID)
    assert (record.state, record.outcome, record.progress.adopted) == (State.EXPORTED, outcome, True)
    assert writes(harness) == before


def test_a_deleted_draft_is_made_anew_after_two_looks() -> None:
    """Its draft was deleted by a person: nothing is found, twice, a minute apart; then it is drafted anew."""
    harness = exported(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    harness.sandbox.agreement.drafts.clear()
    began = harness.clock()
    again(harness)

    record = harness.record(ID)
    assert (record.outcome, record.progress.adopted, len(harness.documents())) == (Outcome.DRAFTED, False, 1)
    assert harness.clock() - began >= harness.context.listing_lag.expected(harness.clock())


def test_a_draft_that_a_person_booked_is_adopted_as_booked() -> None:
    """Left as a draft on purpose, booked by hand since: the record learns its number."""
    harness = exported(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    agreement = harness.sandbox.agreement
    draft = agreement.drafts.pop(1)
    agreement.booked[20001] = {**draft, "bookedInvoiceNumber": 20001, "orderNumber": 1}
    again(harness)

    record = harness.record(ID)
    assert (record.outcome, record.progress.booked_number) == (Outcome.BOOKED, 20001)


def test_a_booked_invoice_is_recognised_by_its_number_too() -> None:
    """Its reference shows no more in listings: the number that we booked it under is proof enough."""
    harness = exported(EXPORT.model_copy(update={"booking": Booking(numbers="economic")}))
    harness.sandbox.agreement.booked[20001]["references"] = {"other": "changed by hand"}
    before = writes(harness)
    again(harness)

    assert (harness.record(ID).outcome, writes(harness)) == (Outcome.BOOKED, before)


def test_a_deleted_voucher_is_posted_anew() -> None:
    """Deleted from its journal by a person: posted again, with its PDF."""
    harness = exported(VOUCHER_EXPORT)
    harness.sandbox.agreement.vouchers.clear()
    harness.sandbox.agreement.attachments.clear()
    again(harness)

    assert harness.record(ID).outcome == Outcome.VOUCHER
    assert len(harness.sandbox.agreement.vouchers) == len(harness.sandbox.agreement.attachments) == 1


def test_what_is_there_goes_through_whatever_the_set_up_has_become() -> None:
    """The accounting year is closed since: what is booked is adopted all the same."""
    harness = exported(EXPORT)
    harness.sandbox.agreement.years["2026"]["closed"] = True
    again(harness)

    assert harness.record(ID).outcome == Outcome.BOOKED


def test_what_was_excluded_is_exported_once_its_type_no_longer_is() -> None:
    """A decision about invoice types can be taken back, for old periods too."""
    harness = Harness(EXPORT.model_copy(update={"types": {"invoice": TypeRules(export=False)}}))
    harness.close_period(sample(harness))
    harness.until_rest()
    excluded = harness.record(ID).outcome
    harness.export = EXPORT
    again(harness)

    assert (excluded, harness.record(ID).outcome) == (Outcome.EXCLUDED, Outcome.BOOKED)


def test_an_invoice_entered_by_hand_is_not_doubled_after_a_wipe() -> None:
    """Marked as exported, the store lost, the event sent again: its number is taken, nothing is booked or left."""
    harness = Harness()
    harness.close_period(sample(harness, line(account="9999")))
    harness.until_rest()
    harness.store.mark_exported(ID, by="kim", why="entered as 100353")
    by_hand = exported(EXPORT).sandbox.agreement.booked[100353] | {"references": {}}
    harness.sandbox.agreement.booked[100353] = by_hand
    harness.wipe()
    harness.close_period(sample(harness))
    harness.until_rest()

    record = harness.record(ID)
    assert record.failure is not None
    assert (record.state, record.failure.reason) == (State.DEAD, "number-taken")
    assert (harness.sandbox.agreement.booked, harness.sandbox.agreement.drafts) == ({100353: by_hand}, {})


def test_what_waits_may_be_settled_and_is_never_posted() -> None:
    """Entered by hand while it waited for its original: its message finds nothing to do, nothing reaches e-conomic."""
    harness = Harness()
    correction = sample(harness, line("-1.00"), invoice_number=100900, credits_invoice_number=100353)
    harness.close_period(sample(harness, line(account="9999")), correction)
    harness.check()
    harness.deliver()
    waiting = harness.record("main-100900").state
    marked = harness.store.mark_exported("main-100900", by="kim", why="entered by hand")
    harness.clock.advance(3600)
    harness.sweep()
    harness.until_rest()

    assert (waiting, marked) == (State.WAITING, True)
    assert harness.record("main-100900").outcome == Outcome.BY_HAND
    assert harness.documents() == []


def test_another_companys_invoice_under_the_remembered_number_is_not_ours() -> None:
    """Moved to another agreement, where 20001 is somebody else's over the same 1250.00 DKK: ours is made there."""
    harness = exported(EXPORT.model_copy(update={"booking": Booking(numbers="economic")}))
    booked = harness.sandbox.agreement.booked
    booked[20001] |= {"references": {"other": "main-7"}, "customer": {"customerNumber": 1002}}
    again(harness)

    assert [document.number for document in harness.documents() if document.document_reference == ID] == [20002]
    assert harness.record(ID).progress.booked_number == 20002
