"""A repeat that is refused says nothing of the request before it, whose answer was lost."""

from typing import Any

import httpx
import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.record import State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
REFUSAL = {"message": "Customer is barred.", "errorCode": "E05040", "httpStatusCode": 400, "logId": "x"}


@pytest.mark.parametrize(
    ("export", "path"),
    [(EXPORT, "/invoices/drafts"), (VOUCHER_EXPORT, "/journals/1/vouchers")],
    ids=["draft", "voucher"],
)
def test_what_the_first_request_made_is_found(export: ExportConfig, path: str) -> None:
    """The first took effect; the repeat is judged by itself, as a forgotten key is: what stands there is taken up."""
    harness, sent = Harness(export), []

    def around(request: httpx.Request, answer: Any) -> httpx.Response:
        if request.method != "POST" or request.url.path != path:
            response: httpx.Response = answer(request)
            return response
        sent.append(request)
        if len(sent) > 1:
            return httpx.Response(400, json=REFUSAL, request=request)
        answer(request)
        raise httpx.ReadTimeout("no answer", request=request)

    harness.around_http = around
    harness.close_period(harness.pdf_fixtures.printed(invoice(line(), customer=KNOWN)))
    harness.until_rest()

    assert harness.record("main-100353").state is State.EXPORTED
    assert len(harness.documents()) + len(harness.sandbox.agreement.vouchers) == 1
    assert len(sent) == 2
