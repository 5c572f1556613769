"""An invoice as e-conomic holds it, read when a person asks: what is shown, to whom, and what a failing read says."""

import re

import httpx
import pytest
from support.web_page import FINE, MISSING, Page

from worker.domain.access import Role
from worker.domain.record import Continue, Intent, InvoiceRecord

KEY = f"main-{FINE}"


def _ask(page: Page, path: str, key: str = KEY) -> tuple[int, str]:
    address = f"/invoices/{key}/{path}?lang=en"
    answer = page.browser.post(address, data={"form_token": page.form_token()})
    return answer.status_code, re.sub(r"\s+", " ", answer.text)


def _calls(page: Page) -> list[str]:
    """Return the reads that e-conomic gets from now on."""
    calls: list[str] = []

    def note(request: httpx.Request, answer: object) -> httpx.Response:
        calls.append(request.url.path)
        return answer(request)  # type: ignore[operator,no-any-return]  # what the harness hands on

    page.harness.around_http = note
    return calls


def test_the_customer_stands_beside_opters_with_the_time_of_reading(signed_in: Page) -> None:
    """Read at this moment, by one call: what was changed in e-conomic since the export shows."""
    card = signed_in.harness.sandbox.agreement.customers[1001]
    card["name"], card["city"], card["barred"] = "<b>Ny & Søn</b>", "Thisted", True
    calls = _calls(signed_in)
    status, text = _ask(signed_in, "customer")
    assert (status, len(calls)) == (200, 1)
    assert "Read in e-conomic" in text
    assert "&lt;b&gt;Ny &amp; Søn&lt;/b&gt;" in text
    assert "Thisted" in text
    assert "The customer is barred in e-conomic." in text


def test_a_customer_that_is_gone_is_said_to_be_so(signed_in: Page) -> None:
    """Not there is an answer of e-conomic's."""
    del signed_in.harness.sandbox.agreement.customers[1001]
    status, text = _ask(signed_in, "customer")
    assert status == 200
    assert "The customer is not in e-conomic." in text


@pytest.mark.parametrize("path", ["customer", "requests"])
def test_a_read_that_fails_is_never_taken_for_absence(signed_in: Page, path: str) -> None:
    """An outage says nothing about what e-conomic holds."""

    def down(request: httpx.Request, _: object) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    signed_in.harness.around_http = down
    status, text = _ask(signed_in, path)
    assert status == 200
    assert "Nobody can say what e-conomic holds:" in text
    assert "is not in e-conomic." not in text
    assert "It is not there." not in text


def test_an_operator_reads_what_was_posted_word_for_word(signed_in: Page) -> None:
    """With its path; an invoice of which nothing is posted costs no call."""
    calls = _calls(signed_in)
    _, text = _ask(signed_in, "requests")
    assert calls == [f"/invoices/booked/{FINE}"]
    assert f"GET /invoices/booked/{FINE}" in text
    assert "&#34;bookedInvoiceNumber&#34;" in text
    _, text = _ask(signed_in, "requests", f"main-{MISSING}")
    assert "Nothing of the invoice is known to be posted" in text
    assert len(calls) == 1
    signed_in.harness.sandbox.agreement.booked.pop(FINE)
    assert "It is not there." in _ask(signed_in, "requests")[1]


def test_the_request_under_way_is_shown_without_secrets(signed_in: Page) -> None:
    """Its bytes, its key, and no token, wherever one may have got."""
    store, key = signed_in.harness.store, f"main-{MISSING}"
    grant = signed_in.harness.export.grant_token.get_secret_value()
    store.requeue([key], by="kim")
    fence = store.claim_period("main-p881")
    assert fence is not None
    read = {record.id: record.content_hash for record in store.received("main-p881")}
    store.pass_preflight("main-p881", fence, read=read, queued=[key], lookup=frozenset(), dead={})
    record = store.claim(key)
    assert isinstance(record, InvoiceRecord)
    body = f'{{"notes":{{"heading":"Ærø {grant}"}}}}'
    intent = Intent(step="draft", method="POST", path="/invoices/drafts", body=body, key="key-4711", at=1_800_000_000.0)
    store.save(record.with_progress(intent=intent), Continue(event="draft-intended"))
    _, text = _ask(signed_in, "requests", key)
    assert "POST /invoices/drafts" in text
    assert "Idempotency-Key: key-4711" in text
    assert "Ærø (removed)" in text
    assert "X-AgreementGrantToken: (removed)" in text
    assert grant not in text


@pytest.mark.parametrize(
    ("role", "customer", "requests"),
    [(Role.VIEWER, 403, 403), (Role.BOOKKEEPER, 200, 403), (Role.OPERATOR, 200, 200)],
)
def test_who_may_ask_for_what(page: Page, role: Role, customer: int, requests: int) -> None:
    """Offered to whom the server does not refuse it; nobody refused causes a call."""
    page.fill()
    page.sign_in({"main": role, "other": Role.ADMINISTRATOR})
    text = page.browser.get(f"/invoices/{KEY}").text
    calls = _calls(page)
    assert (_ask(page, "customer")[0], _ask(page, "requests")[0]) == (customer, requests)
    assert (f"{KEY}/customer" in text, f"{KEY}/requests" in text) == (customer == 200, requests == 200)
    assert len(calls) == [customer, requests].count(200)


def test_another_exports_invoice_is_not_there(page: Page) -> None:
    """By neither form, and no link: a GET asks e-conomic nothing."""
    page.fill()
    page.sign_in({"other": Role.ADMINISTRATOR})
    assert [_ask(page, path)[0] for path in ("customer", "requests")] == [404, 404]
    page.sign_in({"main": Role.OPERATOR})
    calls = _calls(page)
    assert [page.browser.get(f"/invoices/{KEY}/{path}").status_code for path in ("customer", "requests")] == [405, 405]
    assert calls == []
