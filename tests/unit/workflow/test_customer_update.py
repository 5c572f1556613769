"""Existing customers brought up to date, through the in-process harness."""

from typing import Any

import httpx
import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

from config.export_schema import Customers
from config.exports import ExportConfig
from worker.domain.invoice import Customer, Invoice
from worker.domain.record import State

NEWER = "2026-11-01T12:00:00Z"
BOTH = pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])


def moved(**changes: Any) -> Customer:
    """Return customer 1001 with an address that is not e-conomic's."""
    fields = {"corporate_id": None, "name": "Aalbæk Tømrerfirma ApS", "address": "Ny Vej 1", "changed_at": NEWER}
    return customer(**(fields | {"zip": None, "city": None} | changes))


def updating(base: ExportConfig = EXPORT) -> Harness:
    return Harness(base.model_copy(update={"customers": Customers(group=21, layout=17, update="newer")}))


def close(harness: Harness, *invoices: Invoice, event: str = "/opter/acme/1#e1") -> None:
    harness.close_period(*(harness.pdf_fixtures.printed(each) for each in invoices), event=event)


def puts(harness: Harness) -> list[str]:
    return [entry.path for entry in harness.sandbox.server_state.request_log.entries if entry.method == "PUT"]


@BOTH
def test_a_customer_that_changed_in_opter_is_updated_once(base: ExportConfig) -> None:
    """Three invoices in one period: one PUT; what Opter does not know, a salesperson and a barring of e-mail stay."""
    harness = updating(base)
    before = harness.sandbox.agreement.customers[1001]
    before |= {"salesPerson": {"employeeNumber": 3}, "eInvoicingDisabledByDefault": True}
    close(harness, *(invoice(invoice_number=1 + n, customer=moved()) for n in range(3)))
    harness.until_rest()

    after = harness.sandbox.agreement.customers[1001]
    assert puts(harness) == ["/customers/1001"]
    assert {name for name in after if after[name] != before.get(name)} == {"address", "lastUpdated"}
    assert after["address"] == "Ny Vej 1"
    assert sum(record.progress.remarks == ("customer: updated",) for record in harness.records()) == 1
    assert harness.sandbox.server_state.request_log.findings == []


def test_by_default_a_customer_is_left_as_it_is() -> None:
    """Opter's own export says nothing of updating (docs.opter.com, integration-001)."""
    harness = Harness()
    close(harness, invoice(customer=moved()))
    harness.until_rest()

    assert puts(harness) == []
    assert harness.record("main-100353").state is State.EXPORTED


def test_the_next_period_may_update_again() -> None:
    """Another period, another change."""
    harness = updating()
    close(harness, invoice(customer=moved()))
    harness.until_rest()
    later = moved(address="Ny Vej 2", changed_at="2026-11-22T08:00:00Z")
    harness.close_period(invoice(invoice_number=2, customer=later), event="/opter/acme/1#e2", number=882)
    harness.until_rest()

    assert len(puts(harness)) == 2
    assert harness.sandbox.agreement.customers[1001]["address"] == "Ny Vej 2"


def test_a_lost_answer_is_settled_by_reading_back() -> None:
    """The PUT took effect and its answer was lost: it is not sent again, and the invoice goes on."""
    harness = updating()
    close(harness, invoice(customer=moved()))
    harness.around_http = _losing_answers
    harness.until_rest()

    record = harness.record("main-100353")
    assert (record.state, record.attempts, record.progress.remarks) == (State.EXPORTED, 0, ("customer: updated",))
    assert len(puts(harness)) == 1


def test_a_request_that_was_lost_is_sent_again() -> None:
    """The PUT never arrived: read again, written again, and the invoice follows."""
    harness = updating()
    close(harness, invoice(customer=moved()))
    lost: list[httpx.Request] = []
    harness.around_http = lambda request, answer: _losing_first_put(lost, request, answer)
    harness.until_rest()

    assert harness.record("main-100353").state is State.EXPORTED
    assert harness.sandbox.agreement.customers[1001]["address"] == "Ny Vej 1"


def test_a_refused_update_does_not_stop_the_invoice() -> None:
    """e-conomic refuses the customer's new data: the invoice is exported, and the report says why."""
    harness = updating()
    close(harness, invoice(customer=moved()))
    harness.around_http = _refusing_puts
    harness.until_rest()

    record = harness.record("main-100353")
    assert record.state is State.EXPORTED
    assert record.progress.remarks == ("customer: not updated, as e-conomic refused it (E04300)",)


def test_a_customer_deleted_meanwhile_is_not_brought_back_by_an_update() -> None:
    """A PUT creates what is not there: it goes only to a number that was read."""
    harness = updating()
    close(harness, invoice(customer=moved()))
    harness.check()
    harness.deliver()
    harness.sandbox.agreement.booked.clear()
    del harness.sandbox.agreement.customers[1001]
    harness.close_period(invoice(invoice_number=2, customer=moved()), event="/opter/acme/1#e2", number=882)
    harness.until_rest()

    assert len(puts(harness)) == 1
    assert harness.record("main-2").state is State.EXPORTED


def _losing_answers(request: httpx.Request, answer: Any) -> httpx.Response:
    response: httpx.Response = answer(request)
    if request.method == "PUT":
        raise httpx.ReadTimeout("no answer", request=request)
    return response


def _losing_first_put(lost: list[httpx.Request], request: httpx.Request, answer: Any) -> httpx.Response:
    if request.method == "PUT" and not lost:
        lost.append(request)
        raise httpx.ReadTimeout("no answer", request=request)
    response: httpx.Response = answer(request)
    return response


def _refusing_puts(request: httpx.Request, answer: Any) -> httpx.Response:
    if request.method == "PUT":
        body = {"message": "Validation failed.", "errorCode": "E04300", "httpStatusCode": 400, "logId": "x"}
        return httpx.Response(400, json=body, request=request)
    response: httpx.Response = answer(request)
    return response
