"""Answers that succeed and say something else than was asked for: they only lead to a lookup."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.chaos.end_state import created, ended
from support.chaos.scenarios import NEW, Scenario
from support.harness import Harness
from support.samples import invoice


def _rewritten(harness: Harness, route: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Have the first answer to a route say something else."""
    left = [route]

    def around(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        found = answer(request)
        if f"{request.method} {request.url.path}" not in left:
            return found
        left.clear()
        return httpx.Response(found.status_code, json=change(found.json()), request=request)

    harness.around_http = around


@pytest.mark.parametrize(
    ("route", "change"),
    [
        ("POST /customers", lambda _: None),
        ("POST /customers", lambda body: body | {"customerNumber": "7001"}),
        ("POST /customers", lambda body: body | {"customerNumber": 0}),
        ("POST /invoices/drafts", lambda body: body | {"draftInvoiceNumber": 1.5}),
        ("POST /invoices/drafts", lambda body: body | {"draftInvoiceNumber": 7, "references": {"other": "main-7"}}),
        ("POST /invoices/booked", lambda body: body | {"bookedInvoiceNumber": 1}),
        ("POST /invoices/booked", lambda body: body | {"bookedInvoiceNumber": 0}),
        ("POST /invoices/booked", lambda _: []),
    ],
)
def test_an_answer_about_something_else_is_looked_into(route: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """One customer, one booked invoice, and the store knows its real number; no fault of this program is reported."""
    scenario = Scenario(name="new", invoice=invoice(customer=NEW), new_customers=1)
    harness = scenario.harness()
    _rewritten(harness, route, change)
    harness.until_rest()

    assert harness.reported == []
    assert ended(harness.record("main-100353"), scenario.invoice, harness.documents()) == []
    assert created(harness, customers=1, products=0) == []
