"""Matching: by number, else corporate id, else the whole address; never by name alone, and never guessed."""

from collections.abc import Iterable, Sequence

from worker.errors import InvalidInvoice
from worker.invoicing.corporate_id import is_danish, normalised
from worker.invoicing.countries import code_of
from worker.invoicing.customers.keys import address_card, by_address, ledger_number, plain
from worker.invoicing.invoice import Customer
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import EconomicCustomer


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
        raise InvalidInvoice(failure(Reason.CUSTOMER_BARRED, text, field="customer", value=customer.code))
    return found


def _ambiguous(customer: Customer, fitting: Iterable[EconomicCustomer]) -> InvalidInvoice:
    candidates = ", ".join(sorted({f"{one.number}{' (barred)' * one.barred}" for one in fitting}))
    shared = f"the corporate id {customer.corporate_id}" if customer.corporate_id else "this name and address"
    text = f"Opter's customer {customer.code} fits several customers in e-conomic with {shared}: {candidates}."
    field = "customer.corporateId" if customer.corporate_id else "customer"
    return InvalidInvoice(failure(Reason.CUSTOMER_AMBIGUOUS, text, field=field, value=customer.corporate_id or ""))


def _contradiction(customer: Customer, found: EconomicCustomer) -> InvalidInvoice:
    text = (
        f"Opter's customer {customer.code} has ledger number {found.number} and corporate id {customer.corporate_id}, "
        f"but customer {found.number} in e-conomic has corporate id {found.corporate_id}."
    )
    return InvalidInvoice(
        failure(Reason.CUSTOMER_CONTRADICTION, text, field="customer.ledgerNumber", value=str(found.number))
    )


def _same_company(customer: Customer, found: EconomicCustomer) -> bool:
    return normalised(customer) == normalised(found)


def _card(found: EconomicCustomer) -> tuple[str, ...]:
    return (*map(plain, (found.name, found.address, found.zip, found.city)), code_of(found.country))
