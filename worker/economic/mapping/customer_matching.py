"""Customer matching: by number, else corporate id, else the whole address; never by name alone, never guessed."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from worker.domain.identity import fingerprint
from worker.domain.invoice import Customer
from worker.domain.reasons import invalid
from worker.economic.mapping.master_data import EconomicCustomer
from worker.economic.mapping.reasons import CustomerReason
from worker.economic.mapping.vat_zones import code_of
from worker.errors import InvalidInvoice

_CVR = re.compile(r"(?:DK)?(\d{8})")


class Company(Protocol):
    """Opter's customer or e-conomic's: both have these fields."""

    @property
    def corporate_id(self) -> str | None:
        """The corporate id as somebody typed it."""

    @property
    def country(self) -> str:
        """ISO code or free text."""


def normalised(company: Company) -> str:
    """Return ``12345678`` for ``DK 12 34 56 78``; foreign ids upper case without spaces; empty when there is none."""
    return _cvr(company) or "".join((company.corporate_id or "").upper().split())


def is_danish(company: Company) -> bool:
    """Whether this is a Danish CVR number, whose spelling can be compared with certainty."""
    return bool(_cvr(company))


def spellings(company: Company) -> tuple[str, ...]:
    """Return how e-conomic may have stored this id: filters compare whole texts, so every usual spelling is tried."""
    cvr = _cvr(company)
    if not cvr:
        return tuple(dict.fromkeys(filter(None, ((company.corporate_id or "").strip(), normalised(company)))))
    spaced = " ".join(cvr[at : at + 2] for at in range(0, 8, 2))
    return (cvr, f"DK{cvr}", f"DK-{cvr}", f"DK {cvr}", spaced, f"DK {spaced}")


def _cvr(company: Company) -> str:
    """Eight digits are a CVR number only in Denmark: a Finnish id has eight as well."""
    compact = re.sub(r"[\s.\-]", "", company.corporate_id or "").upper()
    cvr = _CVR.fullmatch(compact)
    danish = compact.startswith("DK") or code_of(company.country) in {"DK", ""}
    return cvr[1] if cvr and danish else ""


#: e-conomic REST schema, customers: ``customerNumber``.
_LARGEST_NUMBER = 999_999_999


def ledger_number(customer: Customer) -> int | None:
    """Return Opter's sales ledger number if it fits e-conomic, where it then is the customer number."""
    number = customer.ledger_number
    return number if number and number <= _LARGEST_NUMBER else None


def by_address(customer: Customer) -> bool:
    """Whether only its address can identify this customer, and the address is complete."""
    return not ledger_number(customer) and not customer.corporate_id and all(address_card(customer)[:4])


def card_key(customer: Customer) -> str:
    """Return a key for Opter's data of this customer, free of them: another number or id needs a new lookup."""
    return fingerprint("card", customer.code, customer.ledger_number or "", normalised(customer), plain(customer.name))


def identity_key(customer: Customer, *, match_address: bool = True) -> str:
    """Return a key for the one customer that may be created, free of its data; Opter codes of one company share it.

    Corporate id when present, else ledger number, else what can still distinguish customers: the address when it would
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
    """Return the one customer that fits: by ledger number, else by corporate id, else by its whole address.

    The candidates are what e-conomic's filters found; those that do not really fit are left out here. None: create it.
    Raises ``InvalidInvoice`` when several fit, or the one is barred or has a contradicting corporate id.
    """
    steps = (
        [theirs for theirs in by_number if theirs.number == ledger_number(customer)],
        [theirs for theirs in by_corporate_id if customer.corporate_id and _same_company(customer, theirs)],
        [theirs for theirs in by_card if by_address(customer) and _card(theirs) == address_card(customer)],
    )
    fitting = next((candidates for candidates in steps if candidates), [])
    return _only(customer, fitting) if fitting else None


def _only(customer: Customer, fitting: Sequence[EconomicCustomer]) -> EconomicCustomer:
    if len({theirs.number for theirs in fitting}) > 1:
        raise _ambiguous(customer, fitting)
    theirs = fitting[0]
    if contradicts(customer, theirs):
        text = (
            f"Opter's customer {customer.code} has ledger number {theirs.number} and corporate id "
            f"{customer.corporate_id}, but customer {theirs.number} in e-conomic has corporate id "
            f"{theirs.corporate_id}."
        )
        field, number = "customer.ledgerNumber", theirs.number
        raise invalid(CustomerReason.CUSTOMER_CONTRADICTION, text, field=field, value=number)
    if theirs.barred:
        text = f"Customer {theirs.number} is barred in e-conomic."
        raise invalid(CustomerReason.CUSTOMER_BARRED, text, field="customer", value=customer.code)
    return theirs


def contradicts(customer: Customer, theirs: EconomicCustomer) -> bool:
    """Whether both have a CVR number, and not the same one: these are two companies."""
    return is_danish(customer) and is_danish(theirs) and not _same_company(customer, theirs)


def _ambiguous(customer: Customer, fitting: Iterable[EconomicCustomer]) -> InvalidInvoice:
    candidates = ", ".join(sorted({f"{theirs.number}{' (barred)' * theirs.barred}" for theirs in fitting}))
    shared = f"the corporate id {customer.corporate_id}" if customer.corporate_id else "this name and address"
    text = f"Opter's customer {customer.code} fits several customers in e-conomic with {shared}: {candidates}."
    field = "customer.corporateId" if customer.corporate_id else "customer"
    return invalid(CustomerReason.CUSTOMER_AMBIGUOUS, text, field=field, value=customer.corporate_id or "")


def _same_company(customer: Customer, theirs: EconomicCustomer) -> bool:
    return normalised(customer) == normalised(theirs)


def _card(theirs: EconomicCustomer) -> tuple[str, ...]:
    return (*map(plain, (theirs.name, theirs.address, theirs.zip, theirs.city)), code_of(theirs.country))
