"""The sample's customers in Opter (most are in the sandbox's agreement), and invoices for them whose sums agree."""

import random
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from worker.domain.invoice import Customer, Invoice, InvoiceType, Line, PaymentCondition
from worker.domain.money import ZERO, to_oere
from worker.sandbox.seed_customers import BARRED, customers, with_check_digit
from worker.sandbox.state import Json

#: Customers 1001 and up are Danish, 1051 to 1056 foreign, 1059 and 1060 the two that share a company number.
_FOREIGN = range(1051, 1057)
#: The customer that fits twice, and the card that should not carry the company number.
AMBIGUOUS, DEPARTMENT = 1059, 1060
#: Country as it stands on the cards in e-conomic -> as Opter writes it.
_COUNTRIES = {
    "Danmark": "DK",
    "Sverige": "SE",
    "Tyskland": "DE",
    "Holland": "NL",
    "Norge": "NO",
    "England": "GB",
    "Schweiz": "CH",
}
_NEW = (
    "Skagen Is & Vand ApS", "Thy Trælast A/S", "Mors Metal ApS", "Salling Såsæd A/S", "Læsø Salt ApS",
    "Fur Moler A/S", "Hals Havneservice ApS", "Rebild Rør A/S", "Jammerbugt Jern ApS", "Vendsyssel Vinduer A/S",
)  # fmt: skip

#: Numbers of a range that is not in use, one for each new customer.
_CVR_NUMBERS = [number for seven in range(9_800_000, 9_800_060) if (number := with_check_digit(seven))]


def known() -> list[Customer]:
    """Return Danish customers that are in e-conomic. Every third has no ledger number and is found by its CVR."""
    return [
        _customer(number, body, with_ledger_number=number % 3 != 0) for number, body in customers() if number < BARRED
    ]


def foreign() -> list[Customer]:
    """Return customers in the EU and beyond."""
    return [_customer(number, body, with_ledger_number=True) for number, body in customers() if number in _FOREIGN]


def ambiguous() -> Customer:
    """Return the customer whose company number two cards in e-conomic have."""
    return next(
        _customer(number, body, with_ledger_number=False) for number, body in customers() if number == AMBIGUOUS
    )


def new() -> list[Customer]:
    """Return customers that e-conomic has never heard of; every other customer gets its number from e-conomic."""
    return [
        Customer(
            code=f"N{n:02}",
            ledger_number=2001 + n if n % 2 else None,
            name=name,
            corporate_id=corporate_id,
            email=f"faktura{2001 + n}@example.com",
            address=f"Havnegade {n + 1}",
            zip="9990",
            city="Skagen",
            country="DK",
        )
        for n, (name, corporate_id) in enumerate(zip(_NEW, _CVR_NUMBERS, strict=False))
    ]


def _customer(number: int, body: Json, *, with_ledger_number: bool) -> Customer:
    return Customer(
        code=f"K{number}",
        ledger_number=number if with_ledger_number else None,
        name=body["name"],
        corporate_id=body.get("corporateIdentificationNumber"),
        vat_number=body.get("vatNumber"),
        address=body["address"],
        zip=body["zip"],
        city=body["city"],
        country=_COUNTRIES[body["country"]],
    )


DAY = date(2026, 11, 20)
#: Opter's payment conditions; the last one counts from the end of the month.
CONDITIONS = (
    PaymentCondition(name="8 dage", days=8),
    PaymentCondition(name="14 dage", days=14),
    PaymentCondition(name="30 dage", days=30),
    PaymentCondition(name="Lb. md. + 30 dage", days=30, from_end_of_month=True),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoicePlan:
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
    #: VAT of each line where it is not the rate times net; empty: it is.
    vat_per_line: tuple[Decimal, ...] = ()


class Numbers:
    """A number series."""

    def __init__(self, first: int) -> None:
        self._next = first

    def take(self) -> int:
        """Return the next number."""
        self._next += 1
        return self._next - 1


def oere_that_round_alike(chance: random.Random) -> int:
    """Return an amount in øre that 4 divides: 25 % of it are whole øre, however the VAT is added up."""
    return chance.randrange(5_000, 225_000) * 4


def make_invoice(plan: InvoicePlan, number: int) -> Invoice:
    """Return the invoice."""
    orders = tuple(str(4000 + number % 1000 * 5 + n) for n in range(plan.orders))
    lines = tuple(_line(plan, index, f"Invoice {number}, {', '.join(orders)}") for index in range(len(plan.lines)))
    net, vat = sum((line.net for line in lines), ZERO), sum((line.vat for line in lines), ZERO)
    condition = CONDITIONS[plan.terms]
    return Invoice(
        invoice_number=number,
        invoice_type=plan.kind,
        invoice_date=DAY,
        due_date=_due(condition),
        payment_condition=condition,
        currency=plan.currency,
        exchange_rate=plan.rate,
        net=net,
        vat=vat,
        gross=net + vat,
        order_numbers=orders,
        customer=plan.customer,
        lines=lines,
    )


def _line(plan: InvoicePlan, index: int, text: str) -> Line:
    account, rate, cents = plan.lines[index]
    net = to_oere(Decimal(cents) / 100)
    vat = plan.vat_per_line[index] if plan.vat_per_line else to_oere(net * rate / 100)
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
