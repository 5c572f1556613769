"""How a customer is named among us: keys without customer data, and the marks that identify it in e-conomic."""

from worker.invoicing.corporate_id import normalised
from worker.invoicing.identity import fingerprint
from worker.invoicing.invoice import Customer

#: e-conomic REST schema, customers: ``customerNumber``.
_LARGEST_NUMBER = 999_999_999


def ledger_number(customer: Customer) -> int | None:
    """Return Opter's sales ledger number if it fits e-conomic, where it then is the customer number."""
    number = customer.ledger_number
    return number if number and number <= _LARGEST_NUMBER else None


def by_address(customer: Customer) -> bool:
    """Tell whether only its address can identify this customer, and there is enough of it."""
    return not ledger_number(customer) and not customer.corporate_id and all(address_card(customer)[:4])


def card_key(customer: Customer) -> str:
    """Name what Opter says of this customer, free of customer data: another number or id asks for a new look."""
    return fingerprint("card", customer.code, customer.ledger_number or "", normalised(customer), plain(customer.name))


def identity_key(customer: Customer, *, match_address: bool = True) -> str:
    """Name the one customer that may be created, free of customer data; Opter codes of one company share it.

    Corporate id when present, else ledger number, else what can still tell customers apart: the address when it would
    be matched by it, or Opter's code.
    """
    if customer.corporate_id:
        return fingerprint("corporate-id", normalised(customer))
    if number := ledger_number(customer):
        return fingerprint("ledger-number", number)
    if match_address and by_address(customer):
        return fingerprint("address", *address_card(customer))
    return fingerprint("code", customer.code)


def address_card(customer: Customer) -> tuple[str, ...]:
    """Return name, address, zip, city and country as they are compared."""
    parts = (customer.name, customer.address or "", customer.zip or "", customer.city or "")
    return (*map(plain, parts), customer.country)


def plain(text: str) -> str:
    """Return the text without regard to case and spacing."""
    return " ".join(text.casefold().split())
