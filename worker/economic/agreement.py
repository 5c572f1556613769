"""What an agreement tells of itself: rights, the services that it offers, and samples of its answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from config.reconcile_schema import Expects, Reconcile
from worker.domain.agreement import Rights, Shape
from worker.economic.ledger import LedgerReader
from worker.economic.listings import Listings
from worker.economic.urls import query_encoded
from worker.errors import Refused

#: Legacy REST's listings that an export reads; of booked invoices the newest are sampled.
_LISTINGS = (
    "/customers",
    "/invoices/booked",
    "/product-groups",
    "/payment-terms",
    "/vat-zones",
    "/vat-accounts",
    "/layouts",
    "/customer-groups",
    "/accounting-years",
    "/journals",
)
_NEWEST_FIRST = {"/invoices/booked": "-date"}
#: Items of an array that are looked at.
_FIRST = 5


class AgreementReader:
    """Reads of one agreement, some fifteen calls in all; errors as for every read. Threads may share it."""

    def __init__(self, listings: Listings, ledger: LedgerReader, *, reconcile: Reconcile, expects: Expects) -> None:
        self._listings = listings
        self._ledger = ledger
        self._entries = tuple(
            f"/bookedentriesapi/v{version}/booked-entries"
            for version in expects.booked_entries_versions
            if version != reconcile.booked_entries_version
        )

    def rights(self) -> Rights:
        """Return what ``/self`` says; what it leaves out is empty (e-conomic REST docs, "Self")."""
        return self._listings.get("/self", _rights)

    def services(self) -> Mapping[str, bool]:
        """Return of each service that is spoken, by its path with the version, whether it can be read."""
        try:
            return self._ledger.readable()
        except Refused as refused:
            return {refused.failure.description: False}

    def further_versions(self) -> Mapping[str, bool]:
        """Return of versions that are not spoken whether e-conomic offers them."""
        return {path: self._sample(path, _NO_VOUCHER) is not None for path in self._entries}

    def shapes(self) -> Mapping[str, Shape]:
        """Return the shape of each resource that may be read; of what stands in it nothing is kept."""
        own = {"/self": [self._listings.get("/self", dict)]}
        sampled = {path: self._sample(path, sort=_NEWEST_FIRST.get(path, "")) for path in _LISTINGS}
        services = {path: self._sample(path, _ANY_VOUCHER) for path in self._ledger.sources}
        every = {**own, **sampled, **services}
        return {path: shape_of(items) for path, items in every.items() if items is not None}

    def _sample(self, path: str, query: str = "", *, sort: str = "") -> list[dict[str, Any]] | None:
        """Return a sample; None where it may not be read, or not asked for so, which is documented of few."""
        try:
            return self._listings.sample(path, query, sort=sort)
        except Refused:
            return None


_NO_VOUCHER, _ANY_VOUCHER = query_encoded("voucherNumber$eq:1"), query_encoded("voucherNumber$gte:1")


def shape_of(items: Sequence[Mapping[str, Any]]) -> Shape:
    """Return the shape of these items."""
    each = [frozenset(_properties(item)) for item in items]
    always = frozenset.intersection(*each) if each else frozenset[str]()
    return Shape(items=len(each), seen=frozenset[str]().union(*each), always=always)


def _properties(body: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield each property with its path and type; links and what is null say nothing."""
    for name, value in body.items():
        path = f"{place}{name}"
        if value is None or name == "metaData":
            continue
        if isinstance(value, Mapping):
            yield from _properties(value, f"{path}.")
        elif isinstance(value, list):
            yield f"{path}:list"
            for each in value[:_FIRST]:
                yield from _properties(each, f"{path}[].") if isinstance(each, Mapping) else ()
        else:
            yield f"{path}:{_TYPES.get(type(value), 'number')}"


_TYPES = {str: "text", bool: "boolean"}


def _rights(body: Any) -> Rights:
    roles = (body.get("application") or {}).get("requiredRoles") or ()
    return Rights(
        plan=str((body.get("agreementType") or {}).get("name") or ""),
        roles=tuple(str(role["name"]) for role in roles),
        modules=tuple(str(module["name"]) for module in body.get("modules") or ()),
    )
