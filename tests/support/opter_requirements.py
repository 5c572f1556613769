"""What tests of Opter's facts share: invoices that are printed, a period that is closed, what was sent for it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.harness import EXPORT, PERIOD, VOUCHER_EXPORT, Works
from support.samples import customer, invoice

from config.exports import Export
from worker.domain.invoice import Invoice

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"
BOTH = pytest.mark.parametrize("export", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])


def one(works: Works, *lines: Any, **changes: Any) -> Invoice:
    return works.shelf.printed(invoice(*lines, **({"customer": KNOWN} | changes)))


def closed(works: Works, *invoices: Invoice) -> Works:
    """Close a period in Opter and wait until every invoice rests."""
    works.close_period(*invoices)
    works.until_rest()
    return works


def notice(works: Works) -> str:
    period = works.ledger.period(PERIOD)
    assert period is not None
    return period.notice


def having(export: Export, **changes: Any) -> Export:
    return export.model_copy(update=changes)


def writes(works: Works) -> list[tuple[str, Any]]:
    """Let the works keep what it sends: path and body of every write."""
    sent: list[tuple[str, Any]] = []

    def keeping(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method != "GET" and "json" in request.headers.get("content-type", ""):
            sent.append((request.url.path, json.loads(request.content or b"null")))
        return answer(request)

    works.around_http = keeping
    return sent
