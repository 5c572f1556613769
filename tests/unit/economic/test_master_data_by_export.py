"""Master data that only some exports need: the chart of accounts, barred periods; and whose it may be."""

from datetime import date
from typing import Any

import httpx
import pytest
from support import samples
from support.clock import ManualClock
from support.economic_bodies import Wire, agreement, client

from config.exports import ExportConfig
from worker.domain.reasons import failure
from worker.economic.mapping.master_data import Account, AccountingPeriod
from worker.economic.reasons import EconomicReason
from worker.errors import Misconfigured, Unavailable

NONE: frozenset[str] = frozenset()
BARS = "/accountingyearsapi/v2.0.1/accountingYears/periods"
JULY = AccountingPeriod(first=date(2025, 7, 1), last=date(2025, 7, 31))


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    agreement(wire)
    wire.collection(
        "/accounts",
        {"accountNumber": 3010, "name": "Fragt", "accountType": "profitAndLoss", "vatAccount": {"vatCode": "U25"}},
        {"accountNumber": 5600, "name": "Debitorer", "accountType": "status", "blockDirectEntries": True},
        {"accountNumber": 3099, "accountType": "profitAndLoss", "barred": True},
    )
    return wire


def bar(first: str, last: str, **changes: Any) -> dict[str, Any]:
    return {"year": "2025/2026", "dateFrom": first, "dateTo": last, "isClosed": False, "isBarred": True} | changes


def barring(**changes: Any) -> ExportConfig:
    return samples.export(read_barred_periods=True, **changes)


class TestAccounts:
    """The chart of accounts can be long, and only vouchers name accounts."""

    def test_read_for_vouchers(self, wire: Wire) -> None:
        """Kind, bar and block decide whether an entry may stand on it."""
        data = client(wire, export=samples.export(method="voucher")).master_data(NONE)

        assert data.accounts == (
            Account(number=3010, name="Fragt", kind="profitAndLoss"),
            Account(number=5600, name="Debitorer", kind="status", blocked=True),
            Account(number=3099, name="", kind="profitAndLoss", barred=True),
        )

    def test_not_read_for_invoices(self, wire: Wire) -> None:
        """No call, none of them."""
        assert client(wire).master_data(NONE).accounts == ()
        assert "GET /accounts" not in wire.calls


class TestBarredPeriods:
    """Legacy REST calls them open."""

    def test_not_read_unless_wanted(self, wire: Wire) -> None:
        """The service is another, and its paths are known from integrators' code only."""
        data = client(wire).master_data(NONE)

        assert (data.bars_unknown, f"GET {BARS}" in wire.calls) == (False, False)

    @pytest.mark.parametrize(
        ("period", "barred"),
        [
            (bar("2025-07-01", "2025-07-31"), True),
            (bar("2025-07-01T00:00:00Z", "2025-07-31T00:00:00Z"), True),
            (bar("2025-07-01", "2026-06-30"), True),  # the whole year
            (bar("2025-08-01", "2025-08-31"), False),
            (bar("2025-07-01", "2025-07-31", isBarred=False), False),
        ],
    )
    def test_a_period_is_barred_where_the_service_says_so(
        self, wire: Wire, period: dict[str, Any], *, barred: bool
    ) -> None:
        """By its dates, as the two services spell years differently; dates may be times of day."""
        wire.respond(f"GET {BARS}", (200, {"items": [period]}))
        data = client(wire, export=barring()).master_data(NONE)

        assert [period.barred for period in data.years[0].periods] == [barred]
        assert data.bars_unknown is False
        assert wire.requests[wire.calls.index(f"GET {BARS}")].url.host == "apis.e-conomic.com"

    def test_every_page_is_read(self, wire: Wire) -> None:
        """By cursor until there is none; several pages twice, as a cursor may be a place that shifts."""
        first = (200, {"items": [bar("2024-01-01", "2024-01-31")], "cursor": "a/b"})
        last = (200, {"items": [bar("2025-07-01", "2025-07-31")]})
        wire.respond(f"GET {BARS}", first, last, first, last)
        data = client(wire, export=barring()).master_data(NONE)
        queries = [request.url.query for request in wire.requests if request.url.path == BARS]

        assert [period.barred for period in data.years[0].periods] == [True]
        assert queries == [b"", b"cursor=a%2Fb"] * 2

    @pytest.mark.parametrize(
        "answer",
        [
            (403, {"title": "Forbidden", "errorCode": "AccessDeniedAgreementMissingModules"}),
            (404, {"message": "Resource not found.", "logId": "x"}),
            httpx.Response(404, content=b"<html>No such version</html>"),
            httpx.Response(403, content=b"<html>Forbidden</html>"),
        ],
    )
    def test_no_permission_is_no_outage(self, wire: Wire, answer: Any) -> None:
        """The export goes on without; the check of the set-up says so."""
        wire.respond(f"GET {BARS}", answer)
        data = client(wire, export=barring()).master_data(NONE)

        assert (data.years[0].periods, data.bars_unknown) == ((JULY,), True)

    @pytest.mark.parametrize("answer", [httpx.Response(503), (200, {"items": [{}]}), (200, []), httpx.ReadTimeout("")])
    def test_an_outage_is_an_outage(self, wire: Wire, answer: Any) -> None:
        """Nothing is concluded from it."""
        wire.respond(f"GET {BARS}", answer)
        with pytest.raises(Unavailable):
            client(wire, export=barring()).master_data(NONE)


class TestAgreement:
    """Whose data it is, is read before anything else is believed."""

    def test_the_agreement_is_accepted_first(self, wire: Wire) -> None:
        """Before any other call."""
        accepted: list[tuple[int, list[str]]] = []
        economic = client(wire, accept=lambda number: accepted.append((number, list(wire.calls))))
        economic.master_data(NONE)
        economic.master_data(NONE)

        assert accepted == [(123456, ["GET /self"])]

    def test_a_refused_agreement_yields_nothing(self, wire: Wire) -> None:
        """Every time, without a further call."""

        def refuse(number: int) -> None:
            raise Misconfigured(failure(EconomicReason.AGREEMENT_MISMATCH, f"not {number}"))

        economic = client(wire, accept=refuse)
        for _ in range(2):
            with pytest.raises(Misconfigured):
                economic.master_data(NONE)

        assert wire.calls == ["GET /self"]

    def test_it_is_read_again_with_the_next_reading(self, wire: Wire) -> None:
        """A grant that came to mean another agreement is noticed within the age of the data."""
        accepted: list[int] = []
        clock = ManualClock()
        economic = client(wire, clock=clock, accept=accepted.append)
        economic.master_data(NONE)
        clock.advance(301)
        economic.master_data(NONE)

        assert accepted == [123456, 123456]
