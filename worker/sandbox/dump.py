"""An agreement's content as JSON, and edits of it from outside: what a person changes in the real e-conomic."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from worker.sandbox.state import Agreement, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """How a collection of the agreement is keyed."""

    #: From the text of an address to the key.
    key: Callable[[str], Any]
    #: Property that repeats the key in each resource; empty for bare values.
    identity: str = ""


def _pair(text: str) -> tuple[int, int]:
    left, right = text.split("-")
    return int(left), int(right)


#: The collections that can be edited; ``sales_accounts`` is keyed ``<product group>-<zone>``.
KINDS: Mapping[str, Kind] = {
    "customers": Kind(key=int, identity="customerNumber"),
    "customer_groups": Kind(key=int, identity="customerGroupNumber"),
    "products": Kind(key=str, identity="productNumber"),
    "product_groups": Kind(key=int, identity="productGroupNumber"),
    "sales_accounts": Kind(key=_pair),
    "accounts": Kind(key=int, identity="accountNumber"),
    "vat_accounts": Kind(key=str, identity="vatCode"),
    "vat_zones": Kind(key=int, identity="vatZoneNumber"),
    "payment_terms": Kind(key=int, identity="paymentTermsNumber"),
    "layouts": Kind(key=int, identity="layoutNumber"),
    "currencies": Kind(key=str, identity="code"),
    "rates": Kind(key=str),
    "years": Kind(key=str, identity="year"),
    "journals": Kind(key=int, identity="journalNumber"),
    "drafts": Kind(key=int, identity="draftInvoiceNumber"),
    "booked": Kind(key=int, identity="bookedInvoiceNumber"),
}


def dump(agreement: Agreement) -> Json:
    """Return everything the agreement holds, keys as text, with the counts of what an export creates."""
    content = {name: _plain(value) for name, value in asdict(agreement).items()}
    counted = ("customers", "products", "drafts", "booked", "vouchers")
    return content | {"counts": {name: len(content[name]) for name in counted}}


def put(agreement: Agreement, kind: str, text: str, value: Any) -> Any:
    """Add a resource, or lay properties over the existing one; return the resource as it is now.

    Raises:
        KeyError: no such collection.
        ValueError: not a key of this collection.

    """
    how, table = KINDS[kind], getattr(agreement, kind)
    key = how.key(text)
    if how.identity:
        value = {**table.get(key, {}), **value, how.identity: key}
    table[key] = value
    return value


def remove(agreement: Agreement, kind: str, text: str) -> None:
    """Take a resource away.

    Raises:
        KeyError: no such collection or resource.
        ValueError: not a key of this collection.

    """
    del getattr(agreement, kind)[KINDS[kind].key(text)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {"-".join(map(str, key)) if isinstance(key, tuple) else str(key): part for key, part in value.items()}
    return value
