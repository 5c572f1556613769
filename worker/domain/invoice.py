"""One Opter invoice as the event carries it (camelCase JSON), validated field by field."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from worker.domain.identity import canonical_json
from worker.domain.money import ZERO, Money

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
#: Codes in capitals, also where somebody typed them small: neither letter case nor a space changes what they say.
Currency = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z]{3}$"), AfterValidator(str.upper)]
Country = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z]{2}$"), AfterValidator(str.upper)]


def _with_offset(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text.upper():
        raise ValueError("a moment is written with its offset, such as 2026-11-20T15:04:05Z")
    return text


#: A moment in ISO 8601 with its offset from UTC, kept as written.
Moment = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    AfterValidator(_with_offset),
    Field(json_schema_extra={"format": "date-time"}),
]
#: Small letters; .NET and PowerShell write capitals.
Sha256 = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Fa-f]{64}$"), AfterValidator(str.lower)
]


class Contract(BaseModel):
    """The event's spelling: camelCase, frozen, unknown fields refused so that none is lost silently."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


class InvoiceType(StrEnum):
    """Opter's five invoice types (docs.opter.com, invoicing-006)."""

    INVOICE = "invoice"
    CORRECTION = "correction"
    INTEREST = "interest"
    MANUAL = "manual"
    COMMISSION_DISCOUNT = "commission-discount"


def _invoice_type(value: object) -> object:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name not in list(InvoiceType):
        raise ValueError(f"an invoice type is one of: {', '.join(InvoiceType)}")
    return InvoiceType(name)


#: An invoice type in small letters or capitals.
AnyInvoiceType = Annotated[InvoiceType, BeforeValidator(_invoice_type)]
_NO_RATE = 'an exchange rate is a decimal string with a point, such as "746.11"'


def _exact_rate(value: object) -> object:
    if not isinstance(value, Decimal | str):
        raise ValueError(_NO_RATE)  # noqa: TRY004  # pydantic reports ValueError only
    try:
        rate = Decimal(value)
    except ArithmeticError:
        raise ValueError(_NO_RATE) from None
    if not rate.is_finite():
        raise ValueError(_NO_RATE)
    return rate


class PaymentCondition(Contract):
    """Opter's payment condition: a name, a number of days, and from when they count."""

    name: Text = ""
    days: Annotated[int, Field(ge=0, le=3650)]
    from_end_of_month: bool = False


class Customer(Contract):
    """The customer as printed on the invoice."""

    #: Opter's alphanumeric customer code: the one identity that every customer has.
    code: Name
    #: Opter's optional "sales ledger number"; up to 38 digits.
    ledger_number: Annotated[int, Field(ge=1)] | None = None
    name: Name
    #: Corporate id (CVR in Denmark).
    corporate_id: Text | None = None
    vat_number: Text | None = None
    ean: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    address: Text | None = None
    zip: Text | None = None
    city: Text | None = None
    country: Country = "DK"
    #: When these data were last changed in Opter; None: not known, so they never replace newer ones.
    changed_at: Moment | None = None


class Line(Contract):
    """One account coding: amounts per sales account and VAT code."""

    line_number: Annotated[int, Field(ge=1)]
    sales_account: Name
    vat_code: Text = ""
    #: Percent, for example 25.00.
    vat_rate: Money
    net: Money
    vat: Money
    text: Text = ""
    economic_units: dict[str, str] = Field(default_factory=dict)


class Pdf(Contract):
    """Where the printed invoice lies: by reference, never inline."""

    url: Name
    sha256: Sha256
    bytes: Annotated[int, Field(ge=1)]


class Invoice(Contract):
    """One closed invoice; all amounts in ``currency``."""

    invoice_number: Annotated[int, Field(ge=1, le=999_999_999)]
    invoice_type: AnyInvoiceType = InvoiceType.INVOICE
    credits_invoice_number: Annotated[int, Field(ge=1)] | None = None
    invoice_date: date
    due_date: date
    payment_condition: PaymentCondition
    currency: Currency = "DKK"
    #: Opter's rate per 100 units of ``currency`` in the base currency; None: the accounting system's rate of the day.
    exchange_rate: Annotated[Decimal, BeforeValidator(_exact_rate)] | None = None
    net: Money
    vat: Money
    rounding: Money = ZERO
    gross: Money
    #: Opter's gross amount in the base currency, compared with what the rate gives; None: not known.
    gross_in_base_currency: Money | None = None
    your_reference: Text | None = None
    order_numbers: Annotated[tuple[Text, ...], FailFast()] = ()
    customer: Customer
    #: The first broken line ends the reading, as the errors of many take more memory than any invoice; whoever reads
    #: invoices from outside looks at the further ones (``worker.intake.parsing``).
    lines: Annotated[tuple[Line, ...], Field(min_length=1), FailFast()]
    pdf: Pdf | None = None

    def content(self) -> "Content":
        """Return what the store keeps: the content as canonical JSON, absent and null alike, and its hash.

        When the customer's data were changed is no part of the hash: it may be later each time that the same invoice
        is sent.
        """
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        text = canonical_json(data)
        changed_at = data["customer"].pop("changedAt", None)
        hashed = text if changed_at is None else canonical_json(data)
        return Content(text=text, sha256=hashlib.sha256(hashed.encode()).hexdigest())


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The content of an invoice, to be stored and compared."""

    #: Canonical JSON; ``Invoice.model_validate_json`` reads it back.
    text: str
    #: SHA-256 that distinguishes a changed invoice from one that was sent again.
    sha256: str


#: Fields that the event contract accepts and the export neither sends nor checks, in the event's spelling, with the
#: reason. A field that is neither used nor declared here fails a test, so that nothing is lost silently.
UNUSED_FIELDS: Mapping[str, str] = {
    "lines.economicUnits": "Opter exports no economic units to accounting systems; a remark counts the lines with some",
}
