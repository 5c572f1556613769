"""Calls on the sandbox's resources without HTTP: Call in, Answer or refusal out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from worker.sandbox.paths import Router
from worker.sandbox.resources import ROUTES
from worker.sandbox.routes import Collection
from worker.sandbox.state import Agreement, Answer, ApiError, Call

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROUTER = Router(ROUTES)
Body = dict[str, Any]


def send(agreement: Agreement, method: str, path: str, body: Any = None, *, later: float = 0) -> Answer:
    """Send one call; ``later`` is seconds after noon. A (name, content) pair as body is an upload."""
    route, params = ROUTER.find(method, path)
    now = NOON + timedelta(seconds=later)
    call = Call(method=method, path=path, params=params, body=body, now=now)
    if isinstance(body, tuple):
        call = replace(call, body=None, file_name=body[0], file=body[1])
    return route.handler(agreement, call)


def listed(agreement: Agreement, path: str) -> list[Body]:
    """Return a listing's items."""
    collection = send(agreement, "GET", path).body
    assert isinstance(collection, Collection)
    return list(collection.items)


def refusal(act: Callable[[], object]) -> ApiError:
    """Return the refusal that a call ends in."""
    with pytest.raises(ApiError) as caught:
        act()
    return caught.value


def codes(error: ApiError) -> dict[str, str]:
    """Return the error codes of a "Validation failed." by property; a line's property carries its index.

    Several codes under one property stand in one text, and a voucher's properties begin with a small letter.
    """
    assert error.body["errorCode"] == "E04300"
    if isinstance(error.body["errors"], list):
        (voucher,) = error.body["errors"]
        parts = {name: part for name, part in voucher.items() if name != "arrayIndex"}
        entries = [_codes("", item) for item in parts.get("entries", {}).get("items", [])]
        return {name: code for found in (_codes("", parts), *entries) for name, code in found.items()}
    by_property = _codes("", {name: part for name, part in error.body["errors"].items() if name != "lines"})
    lines = error.body["errors"].get("lines", {})
    for row in lines.get("items", []):
        by_property |= _codes(
            f"{row['arrayIndex']}.", {name: part for name, part in row.items() if name != "arrayIndex"}
        )
    return by_property | _codes("", {"lines": lines} if "errors" in lines else {})


def _codes(prefix: str, errors: Body) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in (entry for part in errors.values() for entry in part["errors"]):
        name = f"{prefix}{entry['propertyName'][:1].lower()}{entry['propertyName'][1:]}"
        found[name] = f"{found[name]} {entry['errorCode']}" if name in found else entry["errorCode"]
    return found


def customer(**changes: Any) -> Body:
    """Return the smallest customer that is accepted."""
    return {
        "name": "Ny Kunde ApS",
        "currency": "DKK",
        "customerGroup": {"customerGroupNumber": 21},
        "vatZone": {"vatZoneNumber": 1},
        "paymentTerms": {"paymentTermsNumber": 12},
    } | changes


def line(product: str, quantity: str, price: str, discount: str = "0", **changes: Any) -> Body:
    """Return a priced line."""
    return {
        "product": {"productNumber": product},
        "quantity": Decimal(quantity),
        "unitNetPrice": Decimal(price),
        "discountPercentage": Decimal(discount),
    } | changes


def draft(*lines: Body, zone: int = 1, terms: int = 12, **changes: Any) -> Body:
    """Return a draft of 20 November 2026 for customer 1001."""
    return {
        "date": "2026-11-20",
        "currency": "DKK",
        "layout": {"layoutNumber": 17},
        "paymentTerms": {"paymentTermsNumber": terms},
        "customer": {"customerNumber": 1001},
        "recipient": {"name": "Aalbæk Tømrerfirma ApS", "vatZone": {"vatZoneNumber": zone}},
        "lines": list(lines) or [line("FRAGT", "1", "1000.00")],
    } | changes
