"""A sample period of a small haulier: the same on every run, with the problems of real life."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.domain.invoice import Customer, Invoice, InvoiceType
from worker.domain.money import ZERO
from worker.local.demo.sample_invoices import (
    InvoicePlan,
    Numbers,
    ambiguous,
    foreign,
    known,
    make_invoice,
    new,
    oere_that_round_alike,
)

EXPORT = "main"
PERIOD = {"id": 881, "name": "2026-47A", "closedAt": "2026-11-20T15:04:05Z"}
PERIOD_ID = "main-p881"
#: The sales account that nobody has made a product group for.
MISSING_ACCOUNT = "3050"
_SEED = 881
#: How many invoices of each kind; together with the ordinary ones they make the period.
_NEW, _FOREIGN, _CREDITS, _MISSING, _AMBIGUOUS, _INTEREST, _ORDINARY = 30, 24, 14, 9, 4, 6, 152


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """The period, and the one invoice of it that has to be corrected in Opter."""

    invoices: tuple[Invoice, ...]
    #: The invoice whose VAT e-conomic computes one øre lower, as Opter will send it again.
    corrected: Invoice

    @property
    def final(self) -> tuple[Invoice, ...]:
        """What must be in e-conomic in the end."""
        wrong = self.corrected.invoice_number
        return tuple(self.corrected if invoice.invoice_number == wrong else invoice for invoice in self.invoices)

    def event(self) -> bytes:
        """Return the event that Opter's side puts on the queue when the period is closed."""
        return json.dumps(event_document(self.invoices), ensure_ascii=False, indent=1).encode()


def sample() -> Sample:
    """Return the sample period: 240 invoices, and more of each kind of problem than anyone has in one week."""
    chance = random.Random(_SEED)  # noqa: S311  # the same period every time, not a secret
    numbers = Numbers(100_301)
    invoices = [make_invoice(plan, numbers.take()) for plan in _plans(chance)]
    invoices += _credits(invoices, numbers, chance)
    rounded = make_invoice(_per_order(known()[0]), numbers.take())
    return Sample(invoices=(*invoices, rounded), corrected=_corrected(rounded))


def _plans(chance: random.Random) -> Sequence[InvoicePlan]:
    danish, abroad, fresh = known(), foreign(), new()
    plans = [
        *(_ordinary(chance.choice(danish), chance) for _ in range(_ORDINARY)),
        *(_ordinary(fresh[n % len(fresh)], chance) for n in range(_NEW)),
        *(_abroad(abroad[n % len(abroad)], chance) for n in range(_FOREIGN)),
        *(_with_missing_group(chance.choice(danish), chance) for _ in range(_MISSING)),
        *(_ordinary(ambiguous(), chance) for _ in range(_AMBIGUOUS)),
        *(_interest(chance.choice(danish), chance) for _ in range(_INTEREST)),
    ]
    chance.shuffle(plans)
    return plans


def _ordinary(customer: Customer, chance: random.Random) -> InvoicePlan:
    lines = [("3010", Decimal(25), oere_that_round_alike(chance))]
    if chance.random() < 0.6:  # noqa: PLR2004  # most haulage is invoiced with a fuel surcharge
        lines.append(("3020", Decimal(25), oere_that_round_alike(chance) // 8 * 4))
    if chance.random() < 0.15:  # noqa: PLR2004  # now and then a ferry or a toll, without VAT
        lines.append(("3012", Decimal(0), chance.randrange(5_000, 90_000)))
    return InvoicePlan(customer=customer, lines=tuple(lines), terms=chance.randrange(4), orders=chance.randrange(1, 5))


def _abroad(customer: Customer, chance: random.Random) -> InvoicePlan:
    lines = (
        ("3010", Decimal(0), chance.randrange(20_000, 900_000)),
        ("3020", Decimal(0), chance.randrange(2_000, 9_000)),
    )
    rate = Decimal("746.11") if chance.random() < 0.5 else None  # noqa: PLR2004  # every other invoice has Opter's own rate
    return InvoicePlan(customer=customer, lines=lines, terms=2, orders=1, currency="EUR", rate=rate)


def _with_missing_group(customer: Customer, chance: random.Random) -> InvoicePlan:
    ordinary = _ordinary(customer, chance)
    lift = (MISSING_ACCOUNT, Decimal(25), oere_that_round_alike(chance) // 40 * 4)
    return InvoicePlan(customer=customer, lines=(*ordinary.lines, lift), terms=ordinary.terms, orders=ordinary.orders)


def _interest(customer: Customer, chance: random.Random) -> InvoicePlan:
    lines = (("3040", Decimal(0), chance.randrange(2_000, 30_000)),)
    return InvoicePlan(customer=customer, lines=lines, terms=0, orders=0, kind=InvoiceType.INTEREST)


def _per_order(customer: Customer) -> InvoicePlan:
    """Three orders of 100.10: Opter adds up three rounded VAT amounts, 3 x 25.03; e-conomic takes 25 % of 300.30."""
    return InvoicePlan(
        customer=customer, lines=(("3010", Decimal(25), 30_030),), terms=2, orders=3, vat_per_line=(Decimal("75.09"),)
    )


def _corrected(invoice: Invoice) -> Invoice:
    """Return the invoice with VAT on the line's total: 25 % of 300.30 is 75.075, so 75.08."""
    vat = Decimal("75.08")
    lines = (invoice.lines[0].model_copy(update={"vat": vat}),)
    return invoice.model_copy(update={"lines": lines, "vat": vat, "gross": invoice.net + vat})


def _credits(invoices: Sequence[Invoice], numbers: Numbers, chance: random.Random) -> Iterator[Invoice]:
    candidates = [
        invoice
        for invoice in invoices
        if invoice.invoice_type is InvoiceType.INVOICE
        and invoice.currency == "DKK"
        and all(line.sales_account != MISSING_ACCOUNT for line in invoice.lines)
    ]
    for original in chance.sample(candidates, _CREDITS):
        yield _credit(original, numbers.take())


def _credit(original: Invoice, number: int) -> Invoice:
    lines = tuple(
        line.model_copy(update={"net": -line.net, "vat": -line.vat, "text": f"Correction of {original.invoice_number}"})
        for line in original.lines
    )
    return original.model_copy(
        update={
            "invoice_number": number,
            "invoice_type": InvoiceType.CORRECTION,
            "credits_invoice_number": original.invoice_number,
            "net": -original.net,
            "vat": -original.vat,
            "gross": -original.gross,
            "lines": lines,
        }
    )


def event_document(invoices: Sequence[Invoice]) -> dict[str, Any]:
    """Return the event of the sample period with these invoices."""
    return {
        "specversion": "1.0",
        "id": "period-881-closed",
        "source": "/opter/nordvest/1",
        "type": "opter.invoice-period.closed.v1",
        "time": PERIOD["closedAt"],
        "datacontenttype": "application/json",
        "data": {
            "export": EXPORT,
            "trigger": "period-closed",
            "period": PERIOD,
            "invoiceCount": len(invoices),
            "controlTotals": [_control(invoices, currency) for currency in ("DKK", "EUR")],
            "invoices": [invoice.model_dump(mode="json", by_alias=True, exclude_none=True) for invoice in invoices],
        },
    }


def _control(invoices: Sequence[Invoice], currency: str) -> dict[str, str]:
    in_currency = [invoice for invoice in invoices if invoice.currency == currency]
    sums = {name: sum((getattr(invoice, name) for invoice in in_currency), ZERO) for name in ("net", "vat", "gross")}
    return {"currency": currency, **{name: str(amount) for name, amount in sums.items()}}
