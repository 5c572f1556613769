"""Works of the voucher method: invoices that it exports, what it sent, and what a bookkeeper does to it."""

from collections.abc import Callable
from typing import Any

import httpx
from support.harness import VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

from config.exports import ExportConfig
from worker.domain.invoice import Invoice

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"
POST, ATTACH = "POST /journals/1/vouchers", "POST /journals/1/vouchers/2026-10001/attachment/file"
Answer = Callable[[httpx.Request], httpx.Response]


def one(*lines: Any, **changes: Any) -> Invoice:
    return invoice(*lines, **({"customer": KNOWN} | changes))


def exported(harness: Harness, *invoices: Invoice, printed: bool = True) -> Harness:
    harness.close_period(*(harness.pdf_fixtures.printed(one) if printed else one for one in invoices))
    harness.until_rest()
    return harness


def calls(harness: Harness, since: int = 0) -> list[str]:
    return [
        f"{entry.method} {entry.path.partition('?')[0]}"
        for entry in harness.sandbox.server_state.request_log.entries[since:]
    ]


def writes(harness: Harness) -> list[str]:
    return [call for call in calls(harness) if not call.startswith("GET")]


def settings(**changes: Any) -> ExportConfig:
    voucher = VOUCHER_EXPORT.voucher.model_copy(update=changes)
    return VOUCHER_EXPORT.model_copy(update={"voucher": voucher})


def reason(harness: Harness, invoice_id: str = ID) -> str:
    found = harness.record(invoice_id).failure
    assert found is not None
    return found.reason


def vouchers(harness: Harness) -> dict[tuple[int, str, int], Any]:
    assert harness.sandbox.server_state.request_log.findings == []
    return harness.sandbox.agreement.vouchers


def move(harness: Harness, to: tuple[int, str, int]) -> None:
    """A bookkeeper moves the one voucher to another journal, where it gets another number."""
    agreement = harness.sandbox.agreement
    [(key, voucher)] = agreement.vouchers.items()
    address = voucher["self"].replace(f"/journals/{key[0]}/", f"/journals/{to[0]}/").replace(str(key[2]), str(to[2]))
    journal = {**voucher["journal"], "journalNumber": to[0]}
    del agreement.vouchers[key]
    agreement.vouchers[to] = voucher | {"journal": journal, "voucherNumber": to[2], "self": address}
    agreement.born[address] = agreement.born[voucher["self"]]
    if key in agreement.attachments:
        agreement.attachments[to] = agreement.attachments.pop(key)


def struck(harness: Harness, path: str, strike: Callable[[httpx.Request, Answer], httpx.Response]) -> None:
    """Bring trouble to the first write to a path that ends like this."""
    struck_once: list[str] = []

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        if request.method == "GET" or not request.url.path.endswith(path) or struck_once:
            return answer(request)
        struck_once.append(path)
        return strike(request, answer)

    harness.around_http = around


def silence_after(request: httpx.Request, answer: Answer) -> httpx.Response:
    answer(request)
    raise httpx.ReadTimeout("silence", request=request)


def book_all(harness: Harness) -> None:
    transport = httpx.Client(base_url="http://sandbox.test", transport=httpx.MockTransport(harness.sandbox.answer))
    tokens = {"X-AppSecretToken": "sandbox-app", "X-AgreementGrantToken": "sandbox-grant"}
    with transport as client:
        client.post(
            "/journalsapi/v15.0.0/journals/1/book", headers={**tokens, "Idempotency-Key": "bookkeeper"}
        ).raise_for_status()
