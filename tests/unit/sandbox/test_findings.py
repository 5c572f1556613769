from typing import Any

import pytest

from worker.sandbox.failures import Invalid, not_found, refused, validation_failed
from worker.sandbox.findings import of_refusal, of_request
from worker.sandbox.messages import Request
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement, Answer, ApiError, Call

FIELDS = frozenset({"date", "customer.customerNumber", "lines.product.productNumber", "lines.quantity", "notes"})


def _unused(_: Agreement, __: Call) -> Answer:
    return Answer(status=200, body=None)


def findings(body: Any = None, *, method: str = "POST", path: str = "/x", key: str = "k", **query: str) -> list[str]:
    request = Request(
        method=method, path=path, url=path, query=query, headers={"idempotency-key": key} if key else {}, body=b""
    )
    return list(of_request(request, Route(method=method, path=path, handler=_unused, fields=FIELDS), body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"date": "2026-11-20", "customer": {"customerNumber": 1, "self": "https://x"}}, []),
        ({"dat": "2026-11-20"}, ["The property dat is ignored by e-conomic"]),
        ({"customer": {"number": 1}}, ["The property customer.number is ignored by e-conomic"]),
        ({"lines": [{"quantity": 1}, {"vat": 1}]}, ["The property lines.vat is ignored by e-conomic"]),
        ({"notes": {"anything": 1}}, []),  # a leaf that is an object is taken as a whole
        ({"date": "null"}, ["The property date holds the text of an empty value"]),
        ({"lines": [{"quantity": " None "}]}, ["The property lines.quantity holds the text of an empty value"]),
    ],
)
def test_properties_that_would_be_ignored(body: Any, expected: list[str]) -> None:
    """A misspelt property is lost without an error in the real e-conomic; here it is written down."""
    assert findings(body) == expected


@pytest.mark.parametrize(
    ("method", "path", "key", "expected"),
    [
        ("GET", "/customers", "", []),
        ("POST", "/customers", "", ["A write without Idempotency-Key"]),
        (
            "DELETE",
            "/invoices/drafts",
            "k",
            ["DELETE without a draft number deletes every draft of the agreement"],
        ),
    ],
)
def test_dangerous_writes(method: str, path: str, key: str, expected: list[str]) -> None:
    """A write that cannot be repeated safely, and a delete that takes everything."""
    assert findings(method=method, path=path, key=key) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"skippages": "1", "pagesize": "5", "sort": "x", "filter": "a$eq:b"}, []),
        ({"pageSize": "5"}, ["The query parameter pageSize is ignored by e-conomic"]),
        ({"filter": "a$eq:$[b"}, ["A filter with an escaped bracket matches nothing"]),
    ],
)
def test_queries_that_would_be_ignored(query: dict[str, str], expected: list[str]) -> None:
    """A misspelt parameter gives the first 20 of everything."""
    assert findings(method="GET", **query) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (not_found(), []),
        (refused(400, "Closed.", "E06000"), []),  # an honest answer about the agreement's content
        (ApiError(400, {"developerHint": "x?", "allowedFilteringFields": []}), ["Refused filter: x?"]),
        (refused(400, "Sort.", "E00620"), ["Refused with E00620: Sort."]),
        (
            validation_failed(lines={0: [Invalid(property="quantity", message="Decimals.", code="E04740")]}),
            ["Refused with E04740: Validation failed. 1 error found."],
        ),
    ],
)
def test_refusals_that_are_the_clients_own_mistake(error: ApiError, expected: list[str]) -> None:
    """Wrong in form, whatever the agreement holds; codes are found however deep they lie."""
    assert list(of_refusal(error.body)) == expected
