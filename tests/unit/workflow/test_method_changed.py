"""The exports file names another method while invoices are under way: each ends in e-conomic once all the same."""

from typing import Any

import httpx
import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.record import Outcome

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"


def interrupted(before: ExportConfig, path: str) -> Harness:
    """One invoice whose write to ``path`` took effect, and whose answer was lost."""
    harness, struck = Harness(before), []

    def around(request: httpx.Request, answer: Any) -> httpx.Response:
        response: httpx.Response = answer(request)
        if request.method == "POST" and request.url.path == path and not struck:
            struck.append(path)
            raise httpx.ReadTimeout("no answer", request=request)
        return response

    harness.around_http = around
    harness.close_period(harness.pdf_fixtures.printed(invoice(line(), customer=KNOWN)))
    harness.check()
    harness.deliver()
    assert struck == [path]
    return harness


def changed(harness: Harness, after: ExportConfig, *, pause: float) -> Harness:
    """Every worker is started anew with the changed exports file, ``pause`` seconds later."""
    harness.export = after
    harness.hire()
    harness.clock.advance(pause)
    harness.sweep()
    harness.until_rest()
    return harness


@pytest.mark.parametrize("pause", [30.0, 3700.0], ids=["key-remembered", "key-forgotten"])
def test_a_voucher_under_way_is_not_invoiced_as_well(pause: float) -> None:
    """1250.00 DKK stands in the journal unheard of; by the invoice method the customer would owe it twice."""
    harness = changed(interrupted(VOUCHER_EXPORT, "/journals/1/vouchers"), EXPORT, pause=pause)

    assert (len(harness.sandbox.agreement.vouchers), harness.documents()) == (1, [])
    assert harness.record(ID).outcome is Outcome.VOUCHER


@pytest.mark.parametrize("path", ["/invoices/drafts", "/invoices/booked"])
@pytest.mark.parametrize("pause", [30.0, 3700.0], ids=["key-remembered", "key-forgotten"])
def test_an_invoice_under_way_is_not_posted_as_a_voucher_as_well(path: str, pause: float) -> None:
    """Drafted or booked unheard of: it is found and goes to its end as the invoice that it is."""
    harness = changed(interrupted(EXPORT, path), VOUCHER_EXPORT, pause=pause)

    assert [document.number for document in harness.documents()] == [100353]
    assert harness.sandbox.agreement.vouchers == {}
    assert harness.record(ID).outcome is Outcome.BOOKED


def test_what_has_left_no_trace_goes_by_the_new_method() -> None:
    """The draft was deleted by hand, two lookups find nothing: only the voucher is left."""
    harness = interrupted(EXPORT, "/invoices/drafts")
    harness.sandbox.agreement.drafts.clear()
    changed(harness, VOUCHER_EXPORT, pause=3700.0)

    assert (len(harness.sandbox.agreement.vouchers), harness.documents()) == (1, [])
