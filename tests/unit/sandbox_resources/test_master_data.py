"""Products, groups, terms, VAT, years and the connection test."""

from typing import Any

import pytest
from support.sandbox_calls import codes, draft, listed, refusal, send

from worker.sandbox.resources import ROUTES
from worker.sandbox.resources.years import refusal as posting_refusal
from worker.sandbox.seed import standard_agreement


def product(**changes: Any) -> dict[str, Any]:
    return {"productNumber": "3020", "name": "Brændstoftillæg", "productGroup": {"productGroupNumber": 63}} | changes


def test_product_created_once() -> None:
    """A product's number is the caller's; the second POST is E06010."""
    agreement = standard_agreement()
    answer = send(agreement, "POST", "/products", product())

    assert (
        answer.status,
        answer.body["productNumber"],
        answer.body["productGroup"]["productGroupNumber"],
    ) == (201, "3020", 63)
    assert codes(refusal(lambda: send(agreement, "POST", "/products", product()))) == {"productNumber": "E06010"}


def test_product_number_is_a_string() -> None:
    """A number where a string belongs is a schema failure."""
    error = refusal(lambda: send(standard_agreement(), "POST", "/products", product(productNumber=3020)))

    assert error.body["errors"] == ["Invalid type. Expected String but got Integer. Path 'productNumber'."]


def test_used_product_cannot_be_deleted() -> None:
    """A product on a draft stays; an unused one goes with 204."""
    agreement = standard_agreement()
    send(agreement, "POST", "/invoices/drafts", draft())

    assert refusal(lambda: send(agreement, "DELETE", "/products/FRAGT")).status == 400
    assert send(agreement, "DELETE", "/products/DIV").status == 204


def test_products_of_a_group() -> None:
    """A group lists its own products alone."""
    agreement = standard_agreement()

    assert [row["productNumber"] for row in listed(agreement, "/product-groups/61/products")] == ["FRAGT"]
    assert listed(agreement, "/product-groups/63/products") == []
    assert refusal(lambda: send(agreement, "GET", "/product-groups/1/products")).status == 404


def test_sales_accounts_tell_the_vat_code_per_zone() -> None:
    """One row per VAT zone that has an account."""
    rows = listed(standard_agreement(), "/product-groups/61/sales-accounts")
    accounts = [(r["vatZone"]["vatZoneNumber"], r["salesAccount"]["vatAccount"]["vatCode"]) for r in rows]

    assert accounts == [(1, "U25"), (2, "UEUY"), (3, "UABR"), (4, "U0")]


def test_payment_terms_get_their_number_from_the_server() -> None:
    """A number that is sent is ignored; zero days are absent from the answer."""
    agreement = standard_agreement()
    body = {"name": "Straks", "paymentTermsType": "net", "daysOfCredit": 0, "paymentTermsNumber": 99}
    answer = send(agreement, "POST", "/payment-terms", body)

    assert (answer.status, answer.body["paymentTermsNumber"], "daysOfCredit" in answer.body) == (201, 1, False)


def test_kind_and_days_are_immutable() -> None:
    """E06151 for days, a new name is fine."""
    agreement = standard_agreement()
    terms = {"name": "Netto 15", "paymentTermsType": "net", "daysOfCredit": 15}

    assert codes(refusal(lambda: send(agreement, "PUT", "/payment-terms/12", terms))) == {"daysOfCredit": "E06151"}
    assert send(agreement, "PUT", "/payment-terms/12", terms | {"daysOfCredit": 14}).body["name"] == "Netto 15"


def test_enum_case_is_strict() -> None:
    """``Net`` is not ``net``."""
    body = {"name": "N", "paymentTermsType": "Net"}
    error = refusal(lambda: send(standard_agreement(), "POST", "/payment-terms", body))

    assert error.body["errors"] == ["Value \"Net\" is not defined in enum. Path 'paymentTermsType'."]


def test_legacy_years_do_not_show_barred() -> None:
    """Legacy shows ``closed`` alone, and only when true; the service shows both."""
    agreement = standard_agreement()
    years = {row["year"]: row.get("closed") for row in listed(agreement, "/accounting-years")}
    january = next(p for p in listed(agreement, "/accounting-years/2026/periods") if p["periodNumber"] == 1)
    on_service = listed(agreement, "/accountingyearsapi/v2.0.1/accountingYears/periods")
    barred = [(row["year"], row["periodNumber"]) for row in on_service if row["isBarred"]]

    assert years == {"2024": True, "2025": None, "2026": None, "2027": None}
    assert not {"barred", "closed"} & january.keys()
    assert barred == [("2026", 1)]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2023-12-31", "missing-year"),
        ("2024-12-31", "closed-year"),
        ("2025-06-30", "closed-period"),
        ("2025-07-01", ""),
        ("2026-01-31", "barred-period"),
        ("2026-02-28", ""),
        ("2027-12-31", ""),
    ],
)
def test_when_posting_is_refused(day: str, reason: str) -> None:
    """Both ends of a period belong to it."""
    assert reason == posting_refusal(standard_agreement(), day)


def test_awkward_year_in_the_path() -> None:
    """Year 2025/2026 is 2025_6_2026 in a path and in ``self``."""
    agreement = standard_agreement()
    agreement.years["2025/2026"] = agreement.years["2025"] | {"year": "2025/2026"}
    answer = send(agreement, "GET", "/accounting-years/2025_6_2026")

    assert (
        answer.body["year"],
        answer.body["self"],
    ) == ("2025/2026", "https://restapi.e-conomic.com/accounting-years/2025_6_2026")


@pytest.mark.parametrize(("carried", "ending"), [(True, "/2026?pageindex=0"), (False, "/2026")])
def test_the_address_of_a_listed_year_may_carry_a_query(ending: str, *, carried: bool) -> None:
    """As recorded in October 2024; the addresses of what lies below it don't."""
    agreement = standard_agreement()
    agreement.switches.year_self_query = carried
    year = next(year for year in listed(agreement, "/accounting-years") if year["year"] == "2026")

    assert year["self"] == f"https://restapi.e-conomic.com/accounting-years{ending}"
    assert year["periods"] == "https://restapi.e-conomic.com/accounting-years/2026/periods"


@pytest.mark.parametrize(("rows", "zones"), [(True, [1, 3, 4, 2]), (False, [1, 3, 4])])
def test_a_vat_zone_without_sales_account(zones: list[int], *, rows: bool) -> None:
    """Its row has no account, or there is none."""
    agreement = standard_agreement()
    del agreement.sales_accounts[61, 2]
    agreement.switches.empty_zone_rows = rows
    found = listed(agreement, "/product-groups/61/sales-accounts")

    assert [row["vatZone"]["vatZoneNumber"] for row in found] == zones
    assert ["salesAccount" in row for row in found] == [True] * 3 + [False] * (len(zones) - 3)


def test_self_pins_the_agreement() -> None:
    """/self tells which agreement a token opens."""
    body = send(standard_agreement(number=5, name="X"), "GET", "/self").body

    assert (body["agreementNumber"], body["company"]["name"], body["settings"]["baseCurrency"]) == (5, "X", "DKK")


@pytest.mark.parametrize(
    "path", ["/vat-zones/1", "/vat-accounts/U25", "/layouts/17", "/currencies/EUR", "/accounts/3010", "/units/1"]
)
def test_read_only_master_data(path: str) -> None:
    """Each can be read alone and in its listing."""
    agreement = standard_agreement()
    resource = send(agreement, "GET", path).body

    assert resource in listed(agreement, path.rsplit("/", 1)[0])
    assert resource["self"].endswith(path)


def test_every_listing_of_the_standard_agreement_answers() -> None:
    """No listing without parameters fails on the seed."""
    agreement = standard_agreement()
    paths = [
        route.path
        for route in ROUTES
        if route.method == "GET" and "{" not in route.path and route.path not in {"/self", "/invoices/totals"}
    ]

    assert all(isinstance(listed(agreement, path), list) for path in paths)
