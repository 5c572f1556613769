"""Master data, read once per agreement and process and believed for a bounded time."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from config.exports import ExportConfig
from worker.domain.reasons import ProcessReason, failure
from worker.economic import parsers
from worker.economic.listings import Listings, Parser
from worker.economic.mapping.master_data import (
    AccountingPeriod,
    AccountingYear,
    MasterData,
    Product,
    ProductGroup,
    Section,
)
from worker.economic.mapping.products import fitting_groups
from worker.economic.urls import segment
from worker.errors import Busy

T = TypeVar("T")
#: Seconds to wait for another thread that is reading the same.
_PATIENCE = 2.0
#: Legacy REST calls barred periods open (measured by an integrator, August 2026); only this service names them.
_BARRED_PERIODS = "/accountingyearsapi/v2.0.1/accountingYears/periods"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Snapshot:
    data: MasterData
    #: When the oldest part was requested; seconds since the epoch.
    read_at: float
    #: Numbers of the groups whose accounts and products are in.
    groups: frozenset[int]
    #: Its lists of products were requested after this; seconds since the epoch.
    products_since: float


class MasterDataCache:
    """One thread reads, the others wait a little for it; a reading that breaks off goes on where it stopped."""

    def __init__(
        self,
        listings: Listings,
        export: ExportConfig,
        *,
        clock: Callable[[], float],
        age: float,
        accept: Callable[[int], None],
    ) -> None:
        """``age`` is how many seconds a part is believed; ``accept`` as of ``EconomicClient``."""
        self._listings = listings
        self._accept = accept
        self._mapping: Mapping[str, str] = export.codes.sales_accounts
        self._reads_accounts = export.method == "voucher"
        self._reads_barred_periods = export.read_barred_periods
        self._clock = clock
        self._age = age
        self._lock = threading.Lock()
        #: Path -> when it was requested, and what it held.
        self._parts: dict[str, tuple[float, Any]] = {}
        self._snapshot: _Snapshot | None = None
        #: Lists of products that were requested before are not believed; seconds since the epoch.
        self._products_since = 0.0

    def get(self, sales_accounts: frozenset[str], newer_than: float | None) -> MasterData:
        """See ``Economic.master_data``; also raises ``Busy``."""
        oldest = max(self._clock() - self._age, newer_than or 0.0)
        ready = self._ready(sales_accounts, oldest)
        if ready is not None:
            return ready
        if not self._lock.acquire(timeout=_PATIENCE):
            raise _busy()
        try:
            return self._ready(sales_accounts, oldest) or self._read(sales_accounts, oldest)
        finally:
            self._lock.release()

    def read(self, sections: frozenset[Section], newer_than: float) -> MasterData:
        """Return master data of which these parts alone are filled in, each newer than that. Raises as ``get``."""
        if not self._lock.acquire(timeout=_PATIENCE):
            raise _busy()
        try:
            agreement, currency = self._self(self._clock() - self._age)
            parts = {name: value for section in sorted(sections) for name, value in self._section(section, newer_than)}
        finally:
            self._lock.release()
        return MasterData(agreement=agreement, base_currency=currency, **parts)

    def check_token(self) -> None:
        """Ask whose token it is. Raises ``Misconfigured``, and what else the call raises."""
        self._accept(self._listings.get("/self", _agreement)[0])

    def learn(self, product: Product) -> None:
        """Take note of a product that was read by itself: lists that should hold it, and do not, are read again."""
        snapshot = self._snapshot
        if snapshot is None or product.group not in snapshot.groups:
            return
        if (product.number, product.group) not in {(known.number, known.group) for known in snapshot.data.products}:
            self._products_since = self._clock()

    def _ready(self, sales_accounts: frozenset[str], oldest: float) -> MasterData | None:
        snapshot = self._snapshot
        if snapshot is None or snapshot.read_at < oldest or snapshot.products_since < self._products_since:
            return None
        return snapshot.data if self._wanted(sales_accounts, snapshot.data.groups) <= snapshot.groups else None

    def _read(self, sales_accounts: frozenset[str], oldest: float) -> MasterData:
        data, products_since = self._base(oldest), self._products_since
        wanted = self._wanted(sales_accounts, data.groups) | self._already_read(data.groups, oldest)
        groups = {group.number: self._with_accounts(group, oldest) for group in data.groups if group.number in wanted}
        newest = max(oldest, products_since)
        products = tuple(
            product for number in sorted(groups) for product in self._list(_products(number), parsers.product, newest)
        )
        data = replace(data, groups=tuple(groups.get(group.number, group) for group in data.groups), products=products)
        read_at = min(at for at, _ in self._parts.values() if at >= oldest)
        self._snapshot = _Snapshot(data=data, read_at=read_at, groups=frozenset(groups), products_since=products_since)
        return data

    def _base(self, oldest: float) -> MasterData:
        agreement, currency = self._self(oldest)
        parts = {name: value for section in Section for name, value in self._section(section, oldest)}
        return MasterData(agreement=agreement, base_currency=currency, **parts)

    def _self(self, oldest: float) -> tuple[int, str]:
        agreement, currency = self._part("/self", oldest, lambda path: self._listings.get(path, _agreement))
        self._accept(agreement)
        return agreement, currency

    def _section(self, section: Section, oldest: float) -> Iterator[tuple[str, Any]]:
        """Yield the fields of ``MasterData`` that a section fills in."""
        every = partial(self._list, oldest=oldest)
        if section is Section.LAYOUTS:
            layouts = every(
                "/layouts", lambda body: (int(body["layoutNumber"]), body.get("name", ""), body.get("deleted"))
            )
            yield "layouts", {number: name for number, name, deleted in layouts if not deleted}
        elif section is Section.YEARS:
            barred = self._barred_periods(oldest)
            yield "years", tuple(_with_barred(year, barred or ()) for year in self._years(oldest))
            yield "bars_unknown", barred is None
        elif section is not Section.ACCOUNTS or self._reads_accounts:
            name, path, parse, whole = _LISTS[section]
            yield name, whole(every(path, parse))

    def _barred_periods(self, oldest: float) -> tuple[AccountingPeriod, ...] | None:
        """Return the newer service's periods; None when they are wanted and the agreement may not read them."""
        if not self._reads_barred_periods:
            return ()
        return self._part(_BARRED_PERIODS, oldest, lambda path: self._listings.offered(path, parsers.barred_period))

    def _years(self, oldest: float) -> Iterable[AccountingYear]:
        years = self._list("/accounting-years", lambda body: (body, parsers.accounting_year(body, ())), oldest)
        for body, year in years:
            if year.closed:
                yield year
            else:
                path = f"{year_path(self._listings, body)}/periods"
                yield replace(year, periods=self._list(path, parsers.accounting_period, oldest))

    def _with_accounts(self, group: ProductGroup, oldest: float) -> ProductGroup:
        rows = self._list(_accounts(group.number), parsers.zone_account, oldest)
        return replace(group, accounts=tuple(account for account in rows if account))

    def _wanted(self, sales_accounts: frozenset[str], groups: tuple[ProductGroup, ...]) -> frozenset[int]:
        fitting = (fitting_groups(account, self._mapping, groups) for account in sales_accounts)
        return frozenset(group.number for of_account in fitting for group in of_account)

    def _already_read(self, groups: tuple[ProductGroup, ...], oldest: float) -> frozenset[int]:
        """Return the groups read earlier for others and still fresh, so that a snapshot only ever grows."""
        fresh = {path for path, (at, _) in self._parts.items() if at >= oldest}
        return frozenset(
            group.number for group in groups if {_accounts(group.number), _products(group.number)} <= fresh
        )

    def _list(self, path: str, parse: Parser[T], oldest: float) -> tuple[T, ...]:
        return self._part(path, oldest, lambda path: self._listings.every(path, parse))

    def _part(self, path: str, oldest: float, read: Callable[[str], T]) -> T:
        part = self._parts.get(path)
        if part is None or part[0] < oldest:
            requested_at = self._clock()
            self._parts[path] = part = (requested_at, read(path))
        return cast("T", part[1])


def year_path(listings: Listings, year: Mapping[str, Any]) -> str:
    """Return a year's path, which e-conomic decides: its own spelling may carry a suffix (``2025_6_2026a``).

    A query that ``self`` carries is no part of it (``/accounting-years/2022?pageindex=0`` was recorded in 2024).
    """
    link = listings.local(str(year.get("self") or f"/accounting-years/{segment(str(year['year']))}"))
    return re.split(r"[?#]", link, maxsplit=1)[0].rstrip("/")


def _with_barred(year: AccountingYear, periods: Iterable[AccountingPeriod]) -> AccountingYear:
    """Return the year with its periods barred where the newer service says so."""
    barred = [period for period in periods if period.barred]
    return replace(
        year,
        periods=tuple(
            replace(period, barred=any(bar.first <= period.last and period.first <= bar.last for bar in barred))
            for period in year.periods
        ),
    )


def _accounts(group: int) -> str:
    return f"/product-groups/{group}/sales-accounts"


def _products(group: int) -> str:
    return f"/product-groups/{group}/products"


def _agreement(body: Any) -> tuple[int, str]:
    """Believe a whole number only: an export is bound to the first agreement number that it sees."""
    number = body["agreementNumber"]
    if type(number) is not int or number <= 0:
        raise ValueError(f"{str(number)[:20]} is not the number of an agreement")
    return number, str((body.get("settings") or {}).get("baseCurrency") or "DKK")


def _numbered(key: str) -> Callable[[Any], tuple[int, str]]:
    return lambda body: (int(body[key]), str(body.get("name", "")))


def _busy() -> Busy:
    text = "Another thread is reading e-conomic's master data."
    return Busy(failure(ProcessReason.BUSY, text), retry_after=1.0)


#: Section that is one listing -> field of ``MasterData``, path, parser of an item, and what the whole listing becomes.
_LISTS: Mapping[Section, tuple[str, str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    Section.GROUPS: ("groups", "/product-groups", parsers.product_group, tuple),
    Section.TERMS: ("payment_terms", "/payment-terms", parsers.payment_terms, tuple),
    Section.ZONES: ("vat_zones", "/vat-zones", _numbered("vatZoneNumber"), dict),
    Section.VAT_ACCOUNTS: ("vat_accounts", "/vat-accounts", parsers.vat_account, tuple),
    Section.CUSTOMER_GROUPS: ("customer_groups", "/customer-groups", _numbered("customerGroupNumber"), dict),
    Section.CURRENCIES: ("currencies", "/currencies", lambda body: str(body["code"]), frozenset),
    Section.JOURNALS: ("journals", "/journals", parsers.journal, tuple),
    Section.ACCOUNTS: ("accounts", "/accounts", parsers.account, tuple),
}
