"""Reference data, read once per agreement and process and believed for a bounded time."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from config.exports import ExportConfig
from worker.domain.reasons import ProcessReason, failure
from worker.economic import parsers
from worker.economic.listings import Listings
from worker.economic.mapping.master_data import AccountingPeriod, AccountingYear, MasterData, Product, ProductGroup
from worker.economic.mapping.products import fitting_groups
from worker.economic.urls import segment
from worker.errors import Busy

T = TypeVar("T")
#: Seconds to wait in a slot for another thread that is reading the same.
_PATIENCE = 2.0
#: Legacy REST calls barred periods open (measured by an integrator, August 2026); only this service tells them.
_BARS = "/accountingyearsapi/v2.0.1/accountingYears/periods"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Snapshot:
    data: MasterData
    #: When the oldest part was asked for; seconds since the epoch.
    read_at: float
    #: Numbers of the groups whose accounts and products are in.
    groups: frozenset[int]
    #: Its lists of products were asked for after this; seconds since the epoch.
    products_since: float


class MasterDataCache:
    """One thread reads, the others wait a little for it; a reading that breaks off goes on where it stopped."""

    def __init__(
        self,
        reading: Listings,
        export: ExportConfig,
        *,
        clock: Callable[[], float],
        age: float,
        accept: Callable[[int], None],
    ) -> None:
        self._reading = reading
        self._accept = accept
        self._mapping: Mapping[str, str] = export.codes.sales_accounts
        self._takes_vouchers = export.method == "voucher"
        self._asks_for_bars = export.read_barred_periods
        self._clock = clock
        self._age = age
        self._lock = threading.Lock()
        #: Path -> when it was asked for, and what it held.
        self._shelf: dict[str, tuple[float, Any]] = {}
        self._snapshot: _Snapshot | None = None
        #: Lists of products that were asked for before are not believed; seconds since the epoch.
        self._products_since = 0.0

    def get(self, sales_accounts: frozenset[str], newer_than: float | None) -> MasterData:
        """See ``Economic.master_data``; also raises ``Busy``."""
        oldest = max(self._clock() - self._age, newer_than or 0.0)
        ready = self._ready(sales_accounts, oldest)
        if ready is not None:
            return ready
        if not self._lock.acquire(timeout=_PATIENCE):
            text = "Another thread is reading e-conomic's reference data."
            raise Busy(failure(ProcessReason.BUSY, text), retry_after=1.0)
        try:
            return self._ready(sales_accounts, oldest) or self._read(sales_accounts, oldest)
        finally:
            self._lock.release()

    def learn(self, product: Product) -> None:
        """Take note of a product that was read by itself: lists that should hold it, and do not, are read again."""
        snapshot = self._snapshot
        if snapshot is None or product.group not in snapshot.groups:
            return
        if (product.number, product.group) not in {(one.number, one.group) for one in snapshot.data.products}:
            self._products_since = self._clock()

    def _ready(self, sales_accounts: frozenset[str], oldest: float) -> MasterData | None:
        snapshot = self._snapshot
        if snapshot is None or snapshot.read_at < oldest or snapshot.products_since < self._products_since:
            return None
        return snapshot.data if self._wanted(sales_accounts, snapshot.data.groups) <= snapshot.groups else None

    def _read(self, sales_accounts: frozenset[str], oldest: float) -> MasterData:
        data, products_since = self._base(oldest), self._products_since
        wanted = self._wanted(sales_accounts, data.groups) | self._kept(data.groups, oldest)
        groups = {group.number: self._with_accounts(group, oldest) for group in data.groups if group.number in wanted}
        newest = max(oldest, products_since)
        products = tuple(
            product for number in sorted(groups) for product in self._list(_products(number), parsers.product, newest)
        )
        data = replace(data, groups=tuple(groups.get(one.number, one) for one in data.groups), products=products)
        read_at = min(at for at, _ in self._shelf.values() if at >= oldest)
        self._snapshot = _Snapshot(data=data, read_at=read_at, groups=frozenset(groups), products_since=products_since)
        return data

    def _base(self, oldest: float) -> MasterData:
        agreement, currency = self._shelved("/self", oldest, lambda path: self._reading.one(path, _agreement))
        self._accept(agreement)
        every = partial(self._list, oldest=oldest)
        layouts = every("/layouts", lambda body: (int(body["layoutNumber"]), body.get("name", ""), body.get("deleted")))
        bars = self._bars(oldest)
        return MasterData(
            agreement=agreement,
            base_currency=currency,
            groups=every("/product-groups", parsers.product_group),
            payment_terms=every("/payment-terms", parsers.payment_terms),
            vat_zones=dict(every("/vat-zones", _numbered("vatZoneNumber"))),
            vat_accounts=every("/vat-accounts", parsers.vat_account),
            layouts={number: name for number, name, deleted in layouts if not deleted},
            customer_groups=dict(every("/customer-groups", _numbered("customerGroupNumber"))),
            currencies=frozenset(every("/currencies", lambda body: str(body["code"]))),
            years=tuple(_with_bars(year, bars or ()) for year in self._years(oldest)),
            bars_unknown=bars is None,
            journals=every("/journals", parsers.journal),
            accounts=every("/accounts", parsers.account) if self._takes_vouchers else (),
        )

    def _bars(self, oldest: float) -> tuple[AccountingPeriod, ...] | None:
        """Return the periods that the newer service tells; None when it was to be asked and gave no leave."""
        if not self._asks_for_bars:
            return ()
        return self._shelved(_BARS, oldest, lambda path: self._reading.offered(path, parsers.barred_period))

    def _years(self, oldest: float) -> Iterable[AccountingYear]:
        for body, year in self._list(
            "/accounting-years", lambda body: (body, parsers.accounting_year(body, ())), oldest
        ):
            yield year if year.closed else replace(year, periods=self._periods(body, oldest))

    def _periods(self, year: Mapping[str, Any], oldest: float) -> tuple[AccountingPeriod, ...]:
        return self._list(f"{year_address(self._reading, year)}/periods", parsers.accounting_period, oldest)

    def _with_accounts(self, group: ProductGroup, oldest: float) -> ProductGroup:
        return replace(group, accounts=self._list(_accounts(group.number), parsers.zone_account, oldest))

    def _wanted(self, sales_accounts: frozenset[str], groups: tuple[ProductGroup, ...]) -> frozenset[int]:
        fitting = (fitting_groups(account, self._mapping, groups) for account in sales_accounts)
        return frozenset(group.number for found in fitting for group in found)

    def _kept(self, groups: tuple[ProductGroup, ...], oldest: float) -> frozenset[int]:
        """Return the groups read earlier for others and still fresh, so that a snapshot only ever grows."""
        fresh = {path for path, (at, _) in self._shelf.items() if at >= oldest}
        return frozenset(one.number for one in groups if {_accounts(one.number), _products(one.number)} <= fresh)

    def _list(self, path: str, read: Callable[[Any], T], oldest: float) -> tuple[T, ...]:
        return self._shelved(path, oldest, lambda address: self._reading.every(address, read))

    def _shelved(self, path: str, oldest: float, read: Callable[[str], T]) -> T:
        held = self._shelf.get(path)
        if held is None or held[0] < oldest:
            asked_at = self._clock()
            self._shelf[path] = held = (asked_at, read(path))
        return cast("T", held[1])


def year_address(reading: Listings, year: Mapping[str, Any]) -> str:
    """Return a year's path, which is e-conomic's to give: its own spelling may carry a suffix (``2025_6_2026a``)."""
    return reading.local(str(year.get("self") or f"/accounting-years/{segment(str(year['year']))}"))


def _with_bars(year: AccountingYear, told: Iterable[AccountingPeriod]) -> AccountingYear:
    """Return the year with its periods barred where the newer service says so."""
    barred = [one for one in told if one.barred]
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
    """Believe a whole number only: an export is bound to the first agreement that it hears of."""
    number = body["agreementNumber"]
    if type(number) is not int or number <= 0:
        raise ValueError(f"{str(number)[:20]} is not the number of an agreement")
    return number, str((body.get("settings") or {}).get("baseCurrency") or "DKK")


def _numbered(key: str) -> Callable[[Any], tuple[int, str]]:
    return lambda body: (int(body[key]), str(body.get("name", "")))
