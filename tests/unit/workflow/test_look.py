"""What a look finds beside what it adopts."""

from typing import Any

import httpx
import pytest
from support.harness import VOUCHER_EXPORT, Killed, Works
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice
from worker.domain.record import State

ID = "main-100353"


def one(*lines: Any, **changes: Any) -> Invoice:
    known = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
    return invoice(*lines, **({"customer": known} | changes))


def again(works: Works, source: Invoice) -> tuple[str, ...]:
    """Forget everything, send the event again, and return the remarks of what is adopted."""
    works.wipe()
    works.close_period(source)
    works.until_rest()
    record = works.record(ID)
    assert (record.state, record.progress.adopted) == (State.EXPORTED, True)
    return record.progress.remarks


def test_a_draft_beside_the_booked_invoice_is_remarked() -> None:
    """Its booking by a well-meaning person would double the invoice; the draft is named."""
    works = Works()
    works.close_period(one())
    works.until_rest()
    booked = works.sandbox.agreement.booked[100353]
    works.sandbox.agreement.drafts[7] = {**booked, "draftInvoiceNumber": 7}

    assert again(works, one()) == (
        "Draft 7 stands beside the booked invoice: delete it, as booking it would double it",
    )


def test_a_draft_booked_between_two_listings_is_no_second_one() -> None:
    """A person books our draft after drafts were listed, and before booked invoices are."""
    works = Works()
    works.close_period(one())
    works.until_rest()
    agreement = works.sandbox.agreement
    booked = agreement.booked.pop(100353)
    agreement.drafts[7] = {**booked, "draftInvoiceNumber": 7}

    def booking(request: httpx.Request, answer: Any) -> httpx.Response:
        response: httpx.Response = answer(request)
        if request.url.path == "/invoices/drafts":
            agreement.drafts.clear()
            agreement.booked[100353] = booked
        return response

    works.around_http = booking

    assert again(works, one()) == ()


def test_a_voucher_beside_the_booked_one_is_remarked() -> None:
    """The same mark on another number in a journal: booking that too would double the customer's debt."""
    booking = VOUCHER_EXPORT.voucher.model_copy(update={"book": True})
    works = Works(VOUCHER_EXPORT.model_copy(update={"voucher": booking}))
    source = works.shelf.printed(one(line("1000.00")))
    works.close_period(source)
    works.check()
    posted: dict[Any, Any] = {}

    def copying(request: httpx.Request, answer: Any) -> httpx.Response:
        response: httpx.Response = answer(request)
        if request.method == "POST" and request.url.path == "/journals/1/vouchers":
            posted.update(works.sandbox.agreement.vouchers)
        return response

    works.around_http = copying
    works.until_rest()
    [((journal, year, number), voucher)] = posted.items()
    address = voucher["self"].replace(str(number), "10077")
    works.sandbox.agreement.vouchers[journal, year, 10077] = {**voucher, "voucherNumber": 10077, "self": address}
    works.sandbox.agreement.born[address] = works.sandbox.agreement.born[voucher["self"]]

    assert "Voucher 10077 in journal 1 stands beside the booked one: delete it there" in again(works, source)


def test_what_a_bookkeeper_changed_before_booking_our_draft_is_remarked() -> None:
    """Booked by hand as 20001, on customer 1002 and another day: adopted, as it is booked, and each change is told."""
    works = Works()

    def killed(request: httpx.Request, answer: Any) -> httpx.Response:
        if request.method == "POST" and request.url.path == "/invoices/booked":
            raise Killed
        response: httpx.Response = answer(request)
        return response

    works.around_http = killed
    works.close_period(one())
    works.check()
    with pytest.raises(Killed):
        works.deliver()
    agreement = works.sandbox.agreement
    draft = agreement.drafts.pop(1)
    changes = {"customer": {"customerNumber": 1002}, "date": "2026-11-23", "bookedInvoiceNumber": 20001}
    agreement.booked[20001] = draft | changes
    works.around_http = lambda request, answer: answer(request)
    works.clock.advance(30)
    works.sweep()
    works.until_rest()

    assert works.record(ID).progress.remarks == (
        "invoiceNumber: 20001 in e-conomic, where it was booked by hand",
        "customer: 1002 in e-conomic, not 1001",
        "invoiceDate: 2026-11-23 in e-conomic",
    )
