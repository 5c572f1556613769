"""Steps of the tests of Opter's requirements: printed invoices, a closed period, what was sent for it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.harness import EXPORT, PERIOD, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

from config.exports import ExportConfig
from worker.domain.invoice import Invoice

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"
BOTH = pytest.mark.parametrize("export", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])


def printed(harness: Harness, *lines: Any, **changes: Any) -> Invoice:
    return harness.pdf_fixtures.printed(invoice(*lines, **({"customer": KNOWN} | changes)))


def closed(harness: Harness, *invoices: Invoice) -> Harness:
    """Close a period in Opter and wait until every invoice rests."""
    harness.close_period(*invoices)
    harness.until_rest()
    return harness


def notice(harness: Harness) -> str:
    period = harness.store.period(PERIOD)
    assert period is not None
    return period.notice


def having(export: ExportConfig, **changes: Any) -> ExportConfig:
    return export.model_copy(update=changes)


def writes(harness: Harness) -> list[tuple[str, Any]]:
    """Record what is sent from here on: path and body of every write."""
    sent: list[tuple[str, Any]] = []

    def record(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method != "GET" and "json" in request.headers.get("content-type", ""):
            sent.append((request.url.path, json.loads(request.content or b"null")))
        return answer(request)

    harness.around_http = record
    return sent
