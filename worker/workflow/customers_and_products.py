"""The customer and the products of an invoice, found in e-conomic or created once."""

from collections.abc import Sequence

from worker.domain.canonical_json import encode
from worker.domain.invoice import Invoice
from worker.economic.mapping import customer_matching, customer_payload, products
from worker.economic.mapping.customer_matching import spellings
from worker.economic.mapping.master_data import EconomicCustomer, ReferenceData
from worker.workflow.context import Desk
from worker.workflow.single_flight import Creation, Obtain, find_or_create, known_key


def customer_number(desk: Desk, invoice: Invoice, reference: ReferenceData, obtain: Obtain = find_or_create) -> int:
    """Return e-conomic's number of the invoice's customer. Raises ``Busy``, ``Rejected`` and e-conomic's errors."""
    customer = invoice.customer
    creation = Creation(
        step="customer",
        known_as=customer_matching.card_key(customer),
        identity=customer_matching.identity_key(customer, match_address=desk.export.customers.match_address),
        path="/customers",
        look=lambda: _look_customer(desk, invoice),
        body=lambda: encode(customer_payload.new_customer(invoice, desk.export, reference)),
        number_of=lambda reply: str(_positive(reply.body["customerNumber"])),
        exists=lambda number: bool(desk.economic.customers_by_number([int(number)])),
    )
    return int(obtain(desk, creation, agreement=reference.agreement))


def forget_customer(desk: Desk, invoice: Invoice, agreement: int) -> None:
    """Drop a remembered number that e-conomic may have refused; the next turn looks again."""
    desk.ledger.forget_shared(known_key(agreement, customer_matching.card_key(invoice.customer)))


def product_number(desk: Desk, sales_account: str, reference: ReferenceData, obtain: Obtain = find_or_create) -> str:
    """Return the product that stands for a sales account. Raises as ``customer_number`` does.

    One that was made after the reference data were read is read itself: its group decides the account of the revenue.
    """
    group = products.group_for(sales_account, desk.export.codes.sales_accounts, reference.groups)
    known = products.choose(sales_account, group, reference.products)
    if known:
        return known
    creation = Creation(
        step="product",
        known_as=products.product_key(sales_account, group),
        identity=products.product_key(sales_account, group),
        path="/products",
        look=lambda: _look_product(desk, sales_account),
        body=lambda: encode(products.new_product(_free_number(desk, sales_account), sales_account, group)),
        number_of=lambda reply: _named(reply.body["productNumber"]),
        exists=lambda number: products.stands_in(group, desk.economic.product(number)),
        changeable=True,
    )
    return obtain(desk, creation, agreement=reference.agreement)


def _look_customer(desk: Desk, invoice: Invoice) -> str | None:
    customer = invoice.customer
    number = customer_matching.ledger_number(customer)
    by_number = desk.economic.customers_by_number([number]) if number else ()
    by_corporate_id = () if by_number else _by_corporate_id(desk, invoice)
    by_card = _by_card(desk, invoice) if not (by_number or by_corporate_id) else ()
    found = customer_matching.match(customer, by_number, by_corporate_id, by_card)
    return str(found.number) if found else None


def _by_corporate_id(desk: Desk, invoice: Invoice) -> Sequence[EconomicCustomer]:
    written = spellings(invoice.customer)
    return desk.economic.customers_by_corporate_id(written) if written else ()


def _by_card(desk: Desk, invoice: Invoice) -> Sequence[EconomicCustomer]:
    wanted = desk.export.customers.match_address and customer_matching.by_address(invoice.customer)
    return desk.economic.customers_by_name(invoice.customer.name) if wanted else ()


def _look_product(desk: Desk, sales_account: str) -> str | None:
    """Read the group anew: another worker, or a person, may have made the product since the cache was filled."""
    accounts = frozenset({sales_account})
    fresh = desk.economic.reference_data(accounts, newer_than=desk.clock())
    group = products.group_for(sales_account, desk.export.codes.sales_accounts, fresh.groups)
    return products.choose(sales_account, group, fresh.products)


def _free_number(desk: Desk, sales_account: str) -> str:
    taken = {number: desk.economic.product(number) for number in products.own_numbers(sales_account)}
    return products.number_to_create(sales_account, taken)


def _positive(number: object) -> int:
    if type(number) is not int or number < 1:
        raise ValueError("not a customer's number")
    return number


def _named(number: object) -> str:
    if not isinstance(number, str) or not number:
        raise ValueError("not a product's number")
    return number
