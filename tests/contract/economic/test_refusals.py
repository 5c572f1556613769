"""Refusals in e-conomic's own words: the sandbox speaks them, the client reads what a person must change."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from worker.domain.record import Intent
from worker.economic.client import EconomicClient
from worker.economic.error_body import explain
from worker.economic.mapping.dates import refused_date
from worker.errors import Refused

Body = dict[str, Any]
AUTHENTICATION = {"X-AppSecretToken": "app-secret-token-for-tests", "X-AgreementGrantToken": "grant-token-for-tests"}
BARRED_DAY, OPEN_DAY = "2026-01-05", "2026-11-20"


@pytest.fixture(autouse=True)
def forgotten(control: httpx.Client) -> Iterator[None]:
    """What is refused here is meant to be, so the findings are dropped."""
    yield
    control.post("/reset").raise_for_status()


def entry(account: int = 3010, day: str = OPEN_DAY) -> Body:
    sides = {"account": {"accountNumber": account}, "contraAccount": {"accountNumber": 5990}}
    return {"amount": -1000.0, "date": day, "text": "Faktura 100353 [main-1]"} | sides


def voucher(*entries: Body) -> Body:
    return {"accountingYear": {"year": "2026"}, "entries": {"financeVouchers": list(entries)}}


def draft(product: str = "FRAGT", day: str = OPEN_DAY) -> Body:
    return {
        "date": day,
        "currency": "DKK",
        "layout": {"layoutNumber": 17},
        "paymentTerms": {"paymentTermsNumber": 13},
        "customer": {"customerNumber": 1001},
        "recipient": {"name": "Aalbæk Tømrerfirma ApS", "vatZone": {"vatZoneNumber": 1}},
        "lines": [{"product": {"productNumber": product}, "quantity": 1, "unitNetPrice": 5.0}],
    }


def post(economic: EconomicClient, path: str, body: Body) -> Any:
    return economic.send(Intent(step="x", method="POST", path=path, body=json.dumps(body), key=path, at=0.0)).body


def refusal(economic: EconomicClient, path: str, body: Body) -> Refused:
    with pytest.raises(Refused) as caught:
        post(economic, path, body)
    return caught.value


def reason(refused: Refused, day: str) -> str:
    """Return the reason that an invoice of this date gets."""
    return (refused_date(date.fromisoformat(day), refused) or refused.failure).reason


@pytest.mark.parametrize(
    ("words", "entries", "expected", "field"),
    [
        ("production", [entry(day=BARRED_DAY)], "accounting-period-barred", "[0].entries.date"),
        ("production", [entry(), entry(day=BARRED_DAY), entry()], "accounting-period-barred", "[0].entries.date"),
        ("production", [entry(day=BARRED_DAY)] * 3, "accounting-period-barred", "[0].entries.date"),
        ("production", [entry(day="2024-05-01")], "accounting-period-barred", "[0].entries.date"),
        ("production", [entry(3099)], "ledger-account-unusable", "[0].entries.account"),
        ("production", [entry(), entry(1)], "ledger-account-unusable", "[0].entries.account"),
        ("production", [entry(3099, BARRED_DAY)], "ledger-account-unusable", "[0].entries.account"),
        ("production", [entry(day=BARRED_DAY), entry(3099)], "ledger-account-unusable", "[0].entries.account"),
        ("service", [entry(day=BARRED_DAY)], "accounting-period-barred", "entries.date"),
        ("service", [entry(1)], "refused-by-economic", "entries.accountNumber"),
    ],
)
def test_a_voucher(  # noqa: PLR0913  # a row of the table
    economic: EconomicClient, control: httpx.Client, words: str, entries: list[Body], *, expected: str, field: str
) -> None:
    """A date that is not open, an account that cannot be used, and both: the same code, and its property says which."""
    control.patch("/switches", json={"voucher_refusals": words}).raise_for_status()
    refused = refusal(economic, "/journals/1/vouchers", voucher(*entries))

    assert reason(refused, entries[0]["date"]) == expected
    assert field in {complaint.field for complaint in refused.complaints}
    assert refused.failure.remote_message.startswith("Validation failed.")
    assert refused.failure.log_id != ""


@pytest.mark.parametrize("with_errors", [False, True])
@pytest.mark.parametrize("day", [BARRED_DAY, "2024-05-01", "2031-01-15"])
def test_a_booking_on_a_date_that_is_not_open(
    economic: EconomicClient, control: httpx.Client, day: str, *, with_errors: bool
) -> None:
    """E04870, with ``errors`` or without."""
    control.patch("/switches", json={"booking_date_errors": with_errors}).raise_for_status()
    number = post(economic, "/invoices/drafts", draft(day=day))["draftInvoiceNumber"]
    refused = refusal(economic, "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": number}})

    assert ("E04870" in refused.codes, reason(refused, day)) == (True, "accounting-period-barred")
    assert "lies within a barred period" in refused.failure.remote_message


def test_a_barred_product(economic: EconomicClient) -> None:
    """E06600 under the line's product."""
    number = post(economic, "/invoices/drafts", draft("UDGAAET"))["draftInvoiceNumber"]
    refused = refusal(economic, "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": number}})

    assert (refused.failure.reason, refused.failure.value) == ("product-barred", "UDGAAET")


def test_an_unknown_customer_group(economic: EconomicClient) -> None:
    """E07140 under the customer's group."""
    numbers = {"customerGroup": {"customerGroupNumber": 77}, "vatZone": {"vatZoneNumber": 1}}
    body = {"name": "Ny", "currency": "DKK", "paymentTerms": {"paymentTermsNumber": 12}} | numbers
    refused = refusal(economic, "/customers", body)

    assert (refused.failure.reason, refused.failure.value) == ("customer-group-missing", "77")


def test_a_bad_filter(address: str) -> None:
    """No code, but what can be filtered; what was looked for is no code either."""
    answer = httpx.get(f"{address}/invoices/booked?filter=orderNumber$eq:E06000", headers=AUTHENTICATION)
    explanation = explain(answer.content)

    assert (answer.status_code, explanation.codes, explanation.field) == (400, frozenset(), "filter")
    assert explanation.by_economic
    assert "bookedInvoiceNumber" in explanation.message


@pytest.mark.parametrize("switch", [True, False])
def test_years_and_groups_are_read_with_and_without(
    economic: EconomicClient, control: httpx.Client, *, switch: bool
) -> None:
    """A year's address with a query, a VAT zone without account: periods, booked entries and accounts are the same."""
    control.patch("/switches", json={"year_self_query": switch, "empty_zone_rows": switch}).raise_for_status()
    data = economic.master_data(frozenset({"3010", "3030"}))

    assert [len(year.periods) for year in data.years] == [0, 12, 12, 12]
    assert [len(group.accounts) for group in data.groups] == [4, 0, 0, 1, 0, 0]
    assert economic.vouchers(frozenset({"main-1"}), date(2026, 1, 1), date(2026, 12, 31)) == []
