"""Builders of a valid invoice, export and agreement. A test states only what it is about; the rest agrees with it.

The agreement is a small haulier's: group 3010 carries Danish VAT (25 %), 3012 never carries VAT.
"""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from config.export_schema import Customers
from config.exports import ExportConfig
from worker.domain.invoice import Customer, Invoice, Line, PaymentCondition
from worker.domain.money import ZERO, to_oere
from worker.economic.mapping.master_data import (
    AccountingPeriod,
    AccountingYear,
    EconomicCustomer,
    Journal,
    MasterData,
    PaymentTerms,
    Product,
    ProductGroup,
    VatAccount,
    ZoneAccount,
)

#: CVR numbers with right check digits that the sandbox does not know.
CVR_NUMBERS = ("88000005", "88000013", "88000021", "88000048", "88000056", "88000064", "88000072", "88000080")


def line(net: str = "1000.00", *, account: str = "3010", rate: str = "25.00", **changes: Any) -> Line:
    """Return a line whose VAT is net x rate / 100, rounded, unless ``vat`` is among the changes."""
    fields = {
        "line_number": 1,
        "sales_account": account,
        "vat_code": "M25" if Decimal(rate) else "M0",
        "vat_rate": rate,
        "net": net,
        "vat": to_oere(Decimal(net) * Decimal(rate) / 100),
        "text": "Invoice 100353, 4555, 2026-11-19",
    }
    return Line.model_validate(fields | changes)


def customer(**changes: Any) -> Customer:
    """Return a Danish company with ledger number 1001."""
    fields = {
        "code": "ACME-1",
        "ledger_number": 1001,
        "name": "Acme A/S",
        "corporate_id": "12345674",
        "address": "Havnegade 1",
        "zip": "1058",
        "city": "København K",
        "country": "DK",
    }
    return Customer.model_validate(fields | changes)


def invoice(*lines: Line, **changes: Any) -> Invoice:
    """Return an invoice over these lines, numbered 1, 2, ...; its sums follow from them unless they are changed."""
    numbered = [
        numbered_line.model_copy(update={"line_number": n})
        for n, numbered_line in enumerate(lines or (line(),), start=1)
    ]
    net = sum((numbered_line.net for numbered_line in numbered), ZERO)
    vat = sum((numbered_line.vat for numbered_line in numbered), ZERO)
    fields = {
        "invoice_number": 100353,
        "invoice_date": date(2026, 11, 20),
        "due_date": date(2026, 12, 20),  # 20 November + 30 days
        "payment_condition": PaymentCondition(name="30 dage", days=30),
        "currency": "DKK",
        "net": net,
        "vat": vat,
        "gross": net + vat + Decimal(changes.get("rounding", ZERO)),
        "order_numbers": ("4555",),
        "customer": customer(),
        "lines": numbered,
    }
    return Invoice.model_validate(fields | changes)


def export(**changes: Any) -> ExportConfig:
    """Return the export ``main`` with marked tokens and the sample agreement's defaults."""
    fields = {
        "name": "main",
        "grant_token": "grant-token-for-tests",
        "app_secret_token": "app-secret-token-for-tests",
        "customers": Customers(group=1, layout=19),
    }
    return ExportConfig.model_validate(fields | changes)


def group(number: int, name: str, *, vat_code: str | None = "U25") -> ProductGroup:
    """Return a product group with an account per zone; only the domestic zone (1) has a VAT code."""
    codes = {1: vat_code, 2: None, 3: None, 4: None}
    accounts = tuple(
        ZoneAccount(zone=zone, account=number * 1000 + zone, vat_code=code) for zone, code in codes.items()
    )
    return ProductGroup(number=number, name=name, accounts=accounts)


def year(start: date = date(2026, 1, 1), **changes: Any) -> AccountingYear:
    """Return the accounting year of twelve open months that begins on ``start``."""
    firsts = [date(start.year + (start.month - 1 + m) // 12, (start.month - 1 + m) % 12 + 1, 1) for m in range(13)]
    months = tuple(
        AccountingPeriod(first=first, last=following - timedelta(days=1))
        for first, following in itertools.pairwise(firsts)
    )
    made = AccountingYear(year=str(start.year), first=start, last=months[-1].last, periods=months)
    return replace(made, **changes)


def reference(**changes: Any) -> MasterData:
    """Return the master data of the sample agreement."""
    made = MasterData(
        agreement=123456,
        groups=(group(1, "3010"), group(2, "3012", vat_code=None)),
        products=(Product(number="3010", name="3010", group=1), Product(number="3012", name="3012", group=2)),
        payment_terms=(
            PaymentTerms(number=1, name="Netto 8 dage", kind="net", days=8),
            PaymentTerms(number=2, name="Netto 14 dage", kind="net", days=14),
            PaymentTerms(number=4, name="Løbende måned 30 dage", kind="invoiceMonth", days=30),
            PaymentTerms(number=5, name="Netto 30 dage", kind="net", days=30),
        ),
        vat_zones={1: "Domestic", 2: "EU", 3: "Abroad", 4: "Domestic exempt VAT"},
        vat_accounts=(VatAccount(code="U25", rate=Decimal("25.00000000")),),
        layouts={19: "Dansk std."},
        customer_groups={1: "Debitorer"},
        currencies=frozenset({"DKK", "EUR", "SEK"}),
        years=(year(),),
        journals=(Journal(number=1, name="Daglig"),),
    )
    return replace(made, **changes)


def mixed_invoices(count: int, *, first: int = 500_001) -> list[Invoice]:
    """Return invoices of 30 known and 8 new customers, two accounts each, VAT and none, debit and credit."""
    return [_mixed(n, first + n) for n in range(count)]


def _mixed(n: int, number: int) -> Invoice:
    known = customer(code=f"C-{n % 30}", ledger_number=1001 + n % 30, corporate_id=None)
    which = n // 4 % 8
    new = customer(code=f"N-{which}", ledger_number=7001 + which, corporate_id=CVR_NUMBERS[which])
    return invoice(
        line(f"{100 + n}.{n % 100:02d}"),
        line("-20.00" if n % 3 else "-500.00", account="3012", rate="0.00"),
        invoice_number=number,
        customer=known if n % 4 else new,
    )


def economic_customer(**changes: Any) -> EconomicCustomer:
    """Return the sample customer as e-conomic has it."""
    made = EconomicCustomer(
        number=1001,
        name="Acme A/S",
        corporate_id="12345674",
        address="Havnegade 1",
        zip="1058",
        city="København K",
        country="DK",
        currency="DKK",
    )
    return replace(made, **changes)
