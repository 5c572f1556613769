"""Matching: by number, else corporate id, else the whole address; never by name alone, and never guessed."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from worker.domain.identity import fingerprint
from worker.domain.invoice import Customer
from worker.domain.reasons import failure
from worker.economic.mapping.master_data import EconomicCustomer
from worker.economic.mapping.reasons import CustomerReason
from worker.economic.mapping.vat_zones import code_of
from worker.errors import InvalidInvoice

_CVR = re.compile(r"(?:DK)?(\d{8})")


class Company(Protocol):
    """Opter's customer or e-conomic's: both say who they are in the same words."""

    @property
    def corporate_id(self) -> str | None:
        """The corporate id as somebody typed it."""

    @property
    def country(self) -> str:
        """ISO code or free text."""


def normalised(company: Company) -> str:
    """Return ``12345678`` for ``DK 12 34 56 78``; foreign ids upper case without spaces; empty when there is none."""
    cvr = _cvr(company)
    return cvr or "".join((company.corporate_id or "").upper().split())


def is_danish(company: Company) -> bool:
    """Tell whether this is a Danish CVR number, whose spelling can be compared with certainty."""
    return bool(_cvr(company))


def spellings(company: Company) -> tuple[str, ...]:
    """Return how e-conomic may have stored this id: filters compare whole texts, so every usual spelling is asked."""
    cvr = _cvr(company)
    if not cvr:
        return tuple(dict.fromkeys(filter(None, ((company.corporate_id or "").strip(), normalised(company)))))
    spaced = " ".join(cvr[at : at + 2] for at in range(0, 8, 2))
    return (cvr, f"DK{cvr}", f"DK-{cvr}", f"DK {cvr}", spaced, f"DK {spaced}")


def _cvr(company: Company) -> str:
    """Eight digits are a CVR number only in Denmark: a Finnish id has eight as well."""
    plain = re.sub(r"[\s.\-]", "", company.corporate_id or "").upper()
    found = _CVR.fullmatch(plain)
    danish = plain.startswith("DK") or code_of(company.country) in {"DK", ""}
    return found[1] if found and danish else ""


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


def match(
    customer: Customer,
    by_number: Sequence[EconomicCustomer] = (),
    by_corporate_id: Sequence[EconomicCustomer] = (),
    by_card: Sequence[EconomicCustomer] = (),
) -> EconomicCustomer | None:
    """Return the one customer that this is: by ledger number, else by corporate id, else by its whole address.

    The candidates are what e-conomic found; those that do not really fit are left out here. None: create it. Raises
    ``InvalidInvoice`` when several fit, the one is barred, or its corporate id contradicts.
    """
    steps = (
        [one for one in by_number if one.number == ledger_number(customer)],
        [one for one in by_corporate_id if customer.corporate_id and _same_company(customer, one)],
        [one for one in by_card if by_address(customer) and _card(one) == address_card(customer)],
    )
    fitting = next((found for found in steps if found), [])
    return _the_one(customer, fitting) if fitting else None


def _the_one(customer: Customer, fitting: Sequence[EconomicCustomer]) -> EconomicCustomer:
    numbers = sorted({one.number for one in fitting})
    if len(numbers) > 1:
        raise _ambiguous(customer, fitting)
    found = fitting[0]
    if is_danish(customer) and is_danish(found) and not _same_company(customer, found):
        raise _contradiction(customer, found)
    if found.barred:
        text = f"Customer {found.number} is barred in e-conomic."
        raise InvalidInvoice(failure(CustomerReason.CUSTOMER_BARRED, text, field="customer", value=customer.code))
    return found


def _ambiguous(customer: Customer, fitting: Iterable[EconomicCustomer]) -> InvalidInvoice:
    candidates = ", ".join(sorted({f"{one.number}{' (barred)' * one.barred}" for one in fitting}))
    shared = f"the corporate id {customer.corporate_id}" if customer.corporate_id else "this name and address"
    text = f"Opter's customer {customer.code} fits several customers in e-conomic with {shared}: {candidates}."
    field = "customer.corporateId" if customer.corporate_id else "customer"
    return InvalidInvoice(
        failure(CustomerReason.CUSTOMER_AMBIGUOUS, text, field=field, value=customer.corporate_id or "")
    )


def _contradiction(customer: Customer, found: EconomicCustomer) -> InvalidInvoice:
    text = (
        f"Opter's customer {customer.code} has ledger number {found.number} and corporate id {customer.corporate_id}, "
        f"but customer {found.number} in e-conomic has corporate id {found.corporate_id}."
    )
    return InvalidInvoice(
        failure(CustomerReason.CUSTOMER_CONTRADICTION, text, field="customer.ledgerNumber", value=str(found.number))
    )


def _same_company(customer: Customer, found: EconomicCustomer) -> bool:
    return normalised(customer) == normalised(found)


def _card(found: EconomicCustomer) -> tuple[str, ...]:
    return (*map(plain, (found.name, found.address, found.zip, found.city)), code_of(found.country))
