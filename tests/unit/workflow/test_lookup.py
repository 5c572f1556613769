"""What a lookup finds beside what it adopts."""

from typing import Any

import httpx
import pytest
from support.harness import VOUCHER_EXPORT, Harness, Killed
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice
from worker.domain.record import State

ID = "main-100353"


def sample(*lines: Any, **changes: Any) -> Invoice:
    known = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
    return invoice(*lines, **({"customer": known} | changes))


def again(harness: Harness, source: Invoice) -> tuple[str, ...]:
    """Forget everything, send the event again, and return the remarks of what is adopted."""
    harness.wipe()
    harness.close_period(source)
    harness.until_rest()
    record = harness.record(ID)
    assert (record.state, record.progress.adopted) == (State.EXPORTED, True)
    return record.progress.remarks


def test_a_draft_beside_the_booked_invoice_is_remarked() -> None:
    """Its booking by a well-meaning person would double the invoice; the draft is named."""
    harness = Harness()
    harness.close_period(sample())
    harness.until_rest()
    booked = harness.sandbox.agreement.booked[100353]
    harness.sandbox.agreement.drafts[7] = {**booked, "draftInvoiceNumber": 7}

    assert again(harness, sample()) == (
        "Draft 7 stands beside the booked invoice: delete it, as booking it would double it",
    )


def test_a_draft_booked_between_two_listings_is_no_second_one() -> None:
    """A person books our draft after drafts were listed, and before booked invoices are."""
    harness = Harness()
    harness.close_period(sample())
    harness.until_rest()
    agreement = harness.sandbox.agreement
    booked = agreement.booked.pop(100353)
    agreement.drafts[7] = {**booked, "draftInvoiceNumber": 7}

    def booking(request: httpx.Request, answer: Any) -> httpx.Response:
        response: httpx.Response = answer(request)
        if request.url.path == "/invoices/drafts":
            agreement.drafts.clear()
            agreement.booked[100353] = booked
        return response

    harness.around_http = booking

    assert again(harness, sample()) == ()


def test_a_voucher_beside_the_booked_one_is_remarked() -> None:
    """The same mark on another number in a journal: booking that too would double the customer's debt."""
    booking = VOUCHER_EXPORT.voucher.model_copy(update={"book": True})
    harness = Harness(VOUCHER_EXPORT.model_copy(update={"voucher": booking}))
    source = harness.pdf_fixtures.printed(sample(line("1000.00")))
    harness.close_period(source)
    harness.check()
    posted: dict[Any, Any] = {}

    def copying(request: httpx.Request, answer: Any) -> httpx.Response:
        response: httpx.Response = answer(request)
        if request.method == "POST" and request.url.path == "/journals/1/vouchers":
            posted.update(harness.sandbox.agreement.vouchers)
        return response

    harness.around_http = copying
    harness.until_rest()
    [((journal, year, number), voucher)] = posted.items()
    address = voucher["self"].replace(str(number), "10077")
    harness.sandbox.agreement.vouchers[journal, year, 10077] = {**voucher, "voucherNumber": 10077, "self": address}
    harness.sandbox.agreement.born[address] = harness.sandbox.agreement.born[voucher["self"]]

    assert "Voucher 10077 in journal 1 stands beside the booked one: delete it there" in again(harness, source)


def test_what_a_bookkeeper_changed_before_booking_our_draft_is_remarked() -> None:
    """Booked by hand as 20001, on customer 1002 and another day: adopted, as it is booked; each change is remarked."""
    harness = Harness()

    def killed(request: httpx.Request, answer: Any) -> httpx.Response:
        if request.method == "POST" and request.url.path == "/invoices/booked":
            raise Killed
        response: httpx.Response = answer(request)
        return response

    harness.around_http = killed
    harness.close_period(sample())
    harness.check()
    with pytest.raises(Killed):
        harness.deliver()
    agreement = harness.sandbox.agreement
    draft = agreement.drafts.pop(1)
    changes = {"customer": {"customerNumber": 1002}, "date": "2026-11-23", "bookedInvoiceNumber": 20001}
    agreement.booked[20001] = draft | changes
    harness.around_http = lambda request, answer: answer(request)
    harness.clock.advance(30)
    harness.sweep()
    harness.until_rest()

    assert harness.record(ID).progress.remarks == (
        "invoiceNumber: 20001 in e-conomic, where it was booked by hand",
        "customer: 1002 in e-conomic, not 1001",
        "invoiceDate: 2026-11-23 in e-conomic",
    )
