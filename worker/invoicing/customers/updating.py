"""An existing customer brought up to date: PUT replaces the whole resource, so what was read goes back with ours in it.

Omitted properties are cleared and a false boolean is not told (measured on a live agreement, August 2026), so nothing
that e-conomic tells is left out, and what it does not tell stays as empty or false as it is.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from worker.invoicing.countries import code_of
from worker.invoicing.customers.creation import fitted
from worker.invoicing.invoice import Customer

#: Told about a customer, and no part of it (e-conomic REST schema, customers: read only).
_TOLD_ONLY = frozenset(
    {"balance", "dueAmount", "lastUpdated", "totals", "metaData", "self"}
    | {"contacts", "deliveryLocations", "templates", "invoices"}
)


def updated(customer: Customer, resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the customer to write: e-conomic's, with Opter's data in it. None: Opter's are no newer, or no different.

    What Opter does not know stays as it is; nothing is ever emptied.
    """
    if not _is_newer(customer, resource):
        return None
    changes = differences(customer, resource)
    return {**_writable(resource), **changes} if changes else None


def differences(customer: Customer, resource: Mapping[str, Any]) -> dict[str, str]:
    """Return what Opter tells otherwise than e-conomic, under e-conomic's names."""
    return {name: text for name, text in fitted(customer).texts.items() if not _same(name, text, resource.get(name))}


def _same(name: str, ours: str, theirs: Any) -> bool:
    if name == "corporateIdentificationNumber" and theirs:
        return True  # what the customer was matched by is not ours to rewrite
    told = "" if theirs is None else str(theirs)
    if name == "country":
        return code_of(ours) == code_of(told)
    return ours.split() == told.split()


def _is_newer(customer: Customer, resource: Mapping[str, Any]) -> bool:
    """Documented as a date, ``lastUpdated`` is a moment in UTC (measured)."""
    told = resource.get("lastUpdated")
    if customer.changed_at is None or not isinstance(told, str):
        return False
    try:
        theirs = datetime.fromisoformat(told)
    except ValueError:
        return False
    return datetime.fromisoformat(customer.changed_at) > theirs.replace(tzinfo=theirs.tzinfo or UTC)


def _writable(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is only told, addresses of resources, and null, which e-conomic refuses."""
    kept = {name: value for name, value in resource.items() if name not in _TOLD_ONLY and value is not None}
    return {name: _writable(value) if isinstance(value, Mapping) else value for name, value in kept.items()}
