"""The customer and the products of an invoice, found in e-conomic or created once."""

from config.exports import Export
from worker.export.desk import Desk
from worker.export.shared import Creation, find_or_create
from worker.invoicing import customers, products
from worker.invoicing.economic_port import Reply
from worker.invoicing.encoding import encode
from worker.invoicing.invoice import Invoice
from worker.invoicing.reference import EconomicCustomer, ReferenceData


def customer_number(desk: Desk, invoice: Invoice, reference: ReferenceData) -> int:
    """Return e-conomic's number of the invoice's customer. Raises ``Busy``, ``Rejected`` and e-conomic's errors."""
    customer = invoice.customer
    creation = Creation(
        step="customer",
        known_as=customers.card_key(customer),
        identity=customers.identity_key(customer),
        path="/customers",
        look=lambda: _look_customer(desk, invoice),
        body=lambda: encode(customers.new_customer(invoice, desk.export, reference)),
        number_of=lambda reply: str(reply.body["customerNumber"]),
    )
    return int(find_or_create(desk, creation, agreement=reference.agreement))


def forget_customer(desk: Desk, invoice: Invoice, agreement: int) -> None:
    """Drop a remembered number that e-conomic has refused; the next turn looks again."""
    desk.ledger.forget_shared(f"known:{agreement}:{customers.card_key(invoice.customer)}")


def _look_customer(desk: Desk, invoice: Invoice) -> str | None:
    match = customers.match(invoice.customer, *_candidates(desk, invoice))
    return str(match.number) if match else None
