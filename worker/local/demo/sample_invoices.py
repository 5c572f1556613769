"""From a few words to a whole invoice whose sums agree."""

import random
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from worker.domain.invoice import Customer, Invoice, InvoiceType, Line, PaymentCondition
from worker.domain.money import ZERO, to_oere

DAY = date(2026, 11, 20)
#: Opter's payment conditions; the last one counts from the end of the month.
CONDITIONS = (
    PaymentCondition(name="8 dage", days=8),
    PaymentCondition(name="14 dage", days=14),
    PaymentCondition(name="30 dage", days=30),
    PaymentCondition(name="Lb. md. + 30 dage", days=30, from_end_of_month=True),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What an invoice is about."""

    customer: Customer
    #: Sales account, VAT rate in percent, net in øre.
    lines: tuple[tuple[str, Decimal, int], ...]
    #: Index of the payment condition.
    terms: int
    #: Number of orders behind it.
    orders: int
    currency: str = "DKK"
    rate: Decimal | None = None
    kind: InvoiceType = InvoiceType.INVOICE
    #: VAT of each line where it is not the rate times net; none: it is.
    vat_per_line: tuple[Decimal, ...] = ()


class Numbers:
    """A number series."""

    def __init__(self, first: int) -> None:
        self._next = first

    def take(self) -> int:
        """Return the next number."""
        self._next += 1
        return self._next - 1


def cents_that_round_alike(chance: random.Random) -> int:
    """Return an amount in øre that 4 divides: 25 % of it are whole øre, however the VAT is added up."""
    return chance.randrange(5_000, 225_000) * 4


def built(draft: Draft, number: int) -> Invoice:
    """Return the invoice."""
    orders = tuple(str(4000 + number % 1000 * 5 + n) for n in range(draft.orders))
    lines = tuple(_line(draft, index, f"Invoice {number}, {', '.join(orders)}") for index in range(len(draft.lines)))
    net, vat = sum((one.net for one in lines), ZERO), sum((one.vat for one in lines), ZERO)
    condition = CONDITIONS[draft.terms]
    return Invoice(
        invoice_number=number,
        invoice_type=draft.kind,
        invoice_date=DAY,
        due_date=_due(condition),
        payment_condition=condition,
        currency=draft.currency,
        exchange_rate=draft.rate,
        net=net,
        vat=vat,
        gross=net + vat,
        order_numbers=orders,
        customer=draft.customer,
        lines=lines,
    )


def _line(draft: Draft, index: int, text: str) -> Line:
    account, rate, cents = draft.lines[index]
    net = to_oere(Decimal(cents) / 100)
    vat = draft.vat_per_line[index] if draft.vat_per_line else to_oere(net * rate / 100)
    return Line(
        line_number=index + 1,
        sales_account=account,
        vat_code="M25" if rate else "M0",
        vat_rate=to_oere(rate),
        net=net,
        vat=vat,
        text=text,
    )


def _due(condition: PaymentCondition) -> date:
    start = DAY.replace(day=monthrange(DAY.year, DAY.month)[1]) if condition.from_end_of_month else DAY
    return start + timedelta(days=condition.days)
