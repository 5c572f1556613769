"""One invoice export of Opter: which agreement its invoices go to, and how. The exports file holds any number."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

ExportName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,19}$")]
Number = Annotated[int, Field(ge=1, le=999_999_999)]
Numbers = Literal["opter", "economic"]
#: Opter's invoice types (docs.opter.com, invoicing-006), in the event's spelling.
InvoiceTypeName = Literal["invoice", "correction", "interest", "manual", "commission-discount"]


class Section(BaseModel):
    """A table of the exports file: frozen; an unknown key is a mistake, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Customers(Section):
    """Defaults for customers that have to be created; Opter has no counterpart of group and layout."""

    #: ``customerGroupNumber`` of new customers.
    group: Number
    #: ``layoutNumber`` of new customers and of invoices.
    layout: Number
    #: Currency of new customers.
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "DKK"
    #: Name of the payment terms of new customers; none: those of the invoice.
    payment_terms: str | None = None
    #: Whether a customer with neither ledger number nor corporate id may be matched by name, address, zip, city and
    #: country all being equal.
    match_address: bool = True
    #: ``newer``: write Opter's data to an existing customer when they were changed later than e-conomic's.
    update: Literal["never", "newer"] = "never"


class Vat(Section):
    """VAT zones: which number stands for which, and who belongs to which."""

    home_country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "DK"
    domestic: Number = 1
    eu: Number = 2
    abroad: Number = 3
    domestic_exempt: Number = 4
    #: Opter VAT codes that put a domestic invoice into the exempt zone when every line carries one of them.
    exempt_codes: tuple[str, ...] = ()
    #: Zone of EU customers without a VAT number: consumers pay the seller's VAT.
    eu_without_vat_number: Literal["domestic", "eu"] = "domestic"


class Codes(Section):
    """Opter's "Codes" tab: its names and codes paired with e-conomic's."""

    #: Opter payment condition name -> e-conomic payment terms name.
    payment_conditions: dict[str, str] = Field(default_factory=dict)
    #: Opter VAT code -> e-conomic VAT code; mandatory for the voucher method.
    tax_rates: dict[str, str] = Field(default_factory=dict)
    #: Opter sales account -> e-conomic product group number or name, where they differ.
    sales_accounts: dict[str, str] = Field(default_factory=dict)
    #: Opter sales account -> e-conomic account number, where they differ; for the voucher method.
    ledger_accounts: dict[str, int] = Field(default_factory=dict)


class Booking(Section):
    """How far the invoice method goes."""

    #: False: stop at the draft, a person books.
    book: bool = True
    #: ``opter``: book with Opter's invoice number; ``economic``: let e-conomic number.
    numbers: Numbers = "opter"
    #: Largest accepted difference of net, VAT and gross between source and draft, in the invoice's currency.
    tolerance: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.00")
    #: What to do when Opter's due date is not the one that the payment terms give.
    due_date_mismatch: Literal["remark", "refuse"] = "remark"
    #: An invoice of which every amount is zero: ``book`` it like any other, or ``settle`` it without posting anything,
    #: as whether e-conomic books such an invoice is not documented.
    zero_total: Literal["book", "settle"] = "book"


class Corrections(Section):
    """Credit notes that come before the invoice that they credit."""

    #: ``hold`` one until its original is exported, or ``book`` it at once with a remark.
    before_original: Literal["hold", "book"] = "hold"
    #: Days after which it is exported all the same, with a remark.
    hold_days: Annotated[int, Field(ge=1, le=366)] = 14


class TypeRules(Section):
    """How invoices of one type are exported, where it differs from the export as a whole."""

    #: False: invoices of this type stay out of e-conomic; they are counted and shown as excluded.
    export: bool = True
    #: As ``booking.numbers``.
    numbers: Numbers | None = None
    #: ``layoutNumber`` of the invoices.
    layout: Number | None = None
    #: Number of the journal that vouchers go to.
    journal: Number | None = None


class Voucher(Section):
    """How the voucher method posts; the journal stands beside the method."""

    #: ``one-post``: one customer entry for the gross amount, revenue as finance entries against the clearing account.
    #: ``per-account``: one customer entry for each sales account and VAT code, with it as contra account.
    layout: Literal["one-post", "per-account"] = "one-post"
    #: Account between customer entry and finance entries; it ends at zero with every voucher. Needed by ``one-post``
    #: unless an invoice has a single sales account and VAT code.
    clearing_account: int | None = None
    #: Account for Opter's rounding and for VAT that e-conomic rounds otherwise; none: such invoices are refused.
    rounding_account: int | None = None
    #: Largest amount that may go to the rounding account, in the invoice's currency.
    most_rounding: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.50")
    #: The property in which e-conomic reads the invoice number: its schema and its examples differ.
    invoice_number_property: Literal["customerInvoice", "customerInvoiceNumber", "both"] = "customerInvoice"
    #: An invoice without a usable PDF: ``refuse`` before anything is posted, or ``post`` without and remark it.
    missing_pdf: Literal["refuse", "post"] = "refuse"
    #: Whether the journal's entries are booked at once; else a bookkeeper reviews and books.
    book: bool = False


class Limits(Section):
    """How fast this agreement may be called; e-conomic's headers slow it down further."""

    #: Tokens per 60 seconds that e-conomic grants (``X-RateLimiting``), until its headers say otherwise.
    tokens_per_minute: Annotated[int, Field(ge=1)] = 10_000
    #: Share of the granted tokens to use.
    share: Annotated[float, Field(gt=0, le=1)] = 0.95
    #: Calls per 24 hours (e-conomic's fair use is 50 000 per agreement).
    calls_per_day: Annotated[int, Field(ge=1)] = 45_000


class Export(Section):
    """One entry of the exports file, secrets resolved."""

    name: ExportName
    method: Literal["invoice", "voucher"] = "invoice"
    #: Number of the journal that vouchers go to; 1 is usually "Daily" (Opter's ``journalNumber``).
    journal: Number = 1
    grant_token: SecretStr
    app_secret_token: SecretStr
    #: The agreement that the tokens must belong to; none: pinned at first use.
    agreement: int | None = None
    api_url: str = "https://restapi.e-conomic.com"
    openapi_url: str = "https://apis.e-conomic.com"
    #: ``one``: an invoice number is unique per region; ``by-type``: only per region and invoice type.
    invoice_series: Literal["one", "by-type"] = "one"
    #: ``layoutNumber`` of invoices; none: that of new customers.
    layout: Number | None = None
    customers: Customers
    vat: Vat = Vat()
    codes: Codes = Codes()
    booking: Booking = Booking()
    voucher: Voucher = Voucher()
    corrections: Corrections = Corrections()
    #: What is different for an invoice type. Without an entry it is exported: every invoice belongs in the books.
    types: dict[InvoiceTypeName, TypeRules] = Field(default_factory=dict)
    #: An invoice dated in a closed or barred year or period: ``refuse``, or ``hold`` until it is opened.
    closed_period: Literal["refuse", "hold"] = "refuse"
    #: Whether barred periods are read too, from e-conomic's newer accounting years service (role Bookkeeping); else one
    #: shows only when e-conomic refuses an invoice dated in it.
    read_barred_periods: bool = False
    #: Invoices dated before this are never exported: they were booked before this program came.
    first_date: date | None = None
    limits: Limits = Limits()

    @property
    def invoice_layout(self) -> int:
        """The ``layoutNumber`` of invoices."""
        return self.layout or self.customers.layout

    def rules_of(self, invoice_type: str) -> TypeRules:
        """Return what is different for this type of invoice."""
        return next((rules for name, rules in self.types.items() if name == invoice_type), TypeRules())

    def for_type(self, invoice_type: str) -> "Export":
        """Return the export as it is for invoices of this type."""
        rules = self.rules_of(invoice_type)
        own = {name: value for name in ("layout", "journal") if (value := getattr(rules, name)) is not None}
        if rules.numbers:
            own["booking"] = self.booking.model_copy(update={"numbers": rules.numbers})
        return self.model_copy(update=own) if own else self
