"""Master data: read once, believed for a while, re-read on demand."""

import threading
from collections import Counter
from datetime import date
from decimal import Decimal

import httpx
import pytest
from support import samples
from support.clock import ManualClock
from support.economic_bodies import API, Wire, agreement, client

from config.export_schema import Codes
from worker.economic.client import EconomicClient
from worker.economic.mapping.master_data import (
    AccountingPeriod,
    AccountingYear,
    Journal,
    PaymentTerms,
    Product,
    VatAccount,
    ZoneAccount,
)
from worker.errors import Unavailable

NONE: frozenset[str] = frozenset()


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    agreement(wire)
    return wire


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def economic(wire: Wire, clock: ManualClock) -> EconomicClient:
    return client(wire, clock=clock)


def test_everything_is_there(economic: EconomicClient) -> None:
    """One of each kind, as values; deleted layouts and the months of closed years are left out."""
    data = economic.master_data(frozenset({"3010"}))

    assert (data.agreement, data.base_currency) == (123456, "DKK")
    assert [(group.number, group.name, len(group.accounts)) for group in data.groups] == [
        (1, "3010", 1),
        (2, "3012", 0),
    ]
    assert data.groups[0].accounts == (ZoneAccount(zone=1, account=1001, account_name="Salg", vat_code="U25"),)
    assert data.products == (Product(number="P1", name="Fragt", group=1),)
    assert data.payment_terms == (PaymentTerms(number=5, name="30", kind="net", days=30),)
    assert data.vat_accounts == (VatAccount(code="U25", rate=Decimal(25)),)
    assert (data.vat_zones, data.layouts, data.customer_groups) == ({1: "Domestic"}, {19: "A"}, {1: "Debitorer"})
    assert data.currencies == {"DKK", "EUR"}
    assert data.journals == (Journal(number=1, name="Daglig", restricted_to="x"),)
    july = AccountingPeriod(first=date(2025, 7, 1), last=date(2025, 7, 31))
    assert data.years == (
        AccountingYear(year="2025/2026", first=date(2025, 7, 1), last=date(2026, 6, 30), periods=(july,)),
        AccountingYear(year="2024", first=date(2024, 1, 1), last=date(2024, 12, 31), closed=True),
    )


@pytest.mark.parametrize("number", [1.5, 0, -7, True, None, "123456"])
def test_an_agreement_is_known_by_a_whole_number(economic: EconomicClient, wire: Wire, number: object) -> None:
    """Its first number binds the export for good, so what cannot be a number is read again instead."""
    wire.respond("GET /self", (200, {"agreementNumber": number}))

    with pytest.raises(Unavailable, match="GET /self: e-conomic's answer could not be understood"):
        economic.master_data(NONE)


@pytest.mark.parametrize("query", ["?pageindex=0", "?pageindex=0&pagesize=20", "?", "#top"])
def test_the_address_of_a_year_may_carry_a_query(economic: EconomicClient, wire: Wire, query: str) -> None:
    """``/accounting-years/2022?pageindex=0`` was recorded in October 2024: its periods are read all the same."""
    own = f"{API}/accounting-years/2022{query}"
    wire.collection(
        "/accounting-years", {"year": "2022", "fromDate": "2022-01-01", "toDate": "2022-12-31", "self": own}
    )
    wire.collection("/accounting-years/2022/periods", {"fromDate": "2022-01-01", "toDate": "2022-01-31"})

    (year,) = economic.master_data(NONE).years
    assert year.periods == (AccountingPeriod(first=date(2022, 1, 1), last=date(2022, 1, 31)),)


@pytest.mark.parametrize("without", [{}, {"salesAccount": None}, {"salesAccount": {}}])
def test_a_vat_zone_without_sales_account(economic: EconomicClient, wire: Wire, without: dict[str, object]) -> None:
    """It is a zone that the group has no account for; the other zones are read."""
    row = {"vatZone": {"vatZoneNumber": 2}, **without}
    account = {"accountNumber": 1001}
    wire.collection("/product-groups/1/sales-accounts", row, {"vatZone": {"vatZoneNumber": 1}, "salesAccount": account})

    data = economic.master_data(frozenset({"3010"}))
    assert data.groups[0].accounts == (ZoneAccount(zone=1, account=1001),)


def test_a_second_read_costs_nothing(economic: EconomicClient, wire: Wire, clock: ManualClock) -> None:
    """Within its age the same snapshot is returned."""
    first = economic.master_data(frozenset({"3010"}))
    calls = len(wire.requests)
    clock.advance(299)

    assert economic.master_data(frozenset({"3010"})) is first
    assert len(wire.requests) == calls


def test_it_is_read_again_when_it_is_too_old(economic: EconomicClient, wire: Wire, clock: ManualClock) -> None:
    """After 300 s nothing of it is believed."""
    economic.master_data(frozenset({"3010"}))
    before = Counter(wire.calls)
    clock.advance(301)
    economic.master_data(frozenset({"3010"}))

    assert Counter(wire.calls) == before + before


def test_further_accounts_are_read_when_needed(economic: EconomicClient, wire: Wire) -> None:
    """Only the new group's accounts and products; the first group's stay."""
    economic.master_data(frozenset({"3010"}))
    wire.requests.clear()
    data = economic.master_data(frozenset({"3012"}))

    assert wire.calls == ["GET /product-groups/2/sales-accounts", "GET /product-groups/2/products"]
    assert [product.group for product in data.products] == [1, 2]
    assert [len(group.accounts) for group in data.groups] == [1, 1]


def test_newer_than_reads_what_is_older(economic: EconomicClient, wire: Wire, clock: ManualClock) -> None:
    """How "missing" is re-read once before it is believed: what is new enough is not read again."""
    economic.master_data(NONE)
    clock.advance(10)
    wire.collection("/product-groups", {"productGroupNumber": 9, "name": "4000"})
    assert [group.name for group in economic.master_data(NONE).groups] == ["3010", "3012"]

    assert [group.name for group in economic.master_data(NONE, newer_than=clock.now).groups] == ["4000"]
    calls = len(wire.requests)
    economic.master_data(NONE, newer_than=clock.now)
    assert len(wire.requests) == calls


def test_a_product_made_meanwhile_is_in_the_lists_once_it_was_read(
    economic: EconomicClient, wire: Wire, clock: ManualClock
) -> None:
    """Or every invoice with it would cost a call more until the lists are too old."""
    economic.master_data(frozenset({"3010", "3012"}))
    clock.advance(1)
    made = {"productNumber": "NEW", "name": "New", "productGroup": {"productGroupNumber": 1}}
    wire.respond("GET /products/NEW", (200, made))
    wire.collection("/product-groups/1/products", made)
    wire.requests.clear()

    product = economic.product("NEW")
    assert product in economic.master_data(frozenset({"3010"})).products
    economic.product("NEW")
    economic.master_data(frozenset({"3012"}))
    lists = ["GET /product-groups/1/products", "GET /product-groups/2/products"]
    assert wire.calls == ["GET /products/NEW", *lists, "GET /products/NEW"]


def test_an_unknown_account_reads_nothing_more(economic: EconomicClient, wire: Wire) -> None:
    """Whether it is missing is for the mapping to decide."""
    economic.master_data(frozenset({"9999"}))

    assert [path for path in wire.calls if "/product-groups/" in path] == []


def test_the_map_of_the_exports_file_counts(wire: Wire) -> None:
    """Sales account A is mapped to group number 2."""
    economic = client(wire, export=samples.export(codes=Codes(sales_accounts={"A": "2"})))

    assert [product.group for product in economic.master_data(frozenset({"A"})).products] == [2]


def test_a_reading_that_breaks_off_goes_on_where_it_stopped(economic: EconomicClient, wire: Wire) -> None:
    """On a busy agreement it would otherwise never come to an end."""
    wire.respond("GET /journals", httpx.ReadTimeout("slow"), (200, {"collection": []}))
    with pytest.raises(Unavailable):
        economic.master_data(NONE)
    economic.master_data(NONE)

    assert {path: count for path, count in Counter(wire.calls).items() if count > 1} == {"GET /journals": 2}


def test_many_threads_read_once(wire: Wire) -> None:
    """Fifty invoices that start together cost one reading."""
    economic = client(wire)
    threads = [threading.Thread(target=economic.master_data, args=(frozenset({"3010"}),)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(Counter(wire.calls).values()) == {1}
