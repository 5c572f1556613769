"""The tables of an export in the exports file; deploy/docs/exports.md is made from their descriptions."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config.settings_sections import Section

Number = Annotated[int, Field(ge=1, le=999_999_999)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Numbers = Literal["opter", "economic"]


class Customers(Section):
    """Defaults for customers that have to be created; Opter has no counterpart of group and layout."""

    group: Annotated[Number, Field(description="`customerGroupNumber` of new customers", examples=[1])]
    layout: Annotated[Number, Field(description="`layoutNumber` of new customers and of invoices", examples=[19])]
    currency: Annotated[CurrencyCode, Field(description="Currency of new customers", examples=["SEK"])] = "DKK"
    payment_terms: Annotated[
        str | None,
        Field(
            description="Name of the payment terms of new customers; none: those of the invoice",
            examples=["Netto 14 dage"],
        ),
    ] = None
    match_address: Annotated[
        bool,
        Field(
            description="Whether a customer with neither ledger number nor corporate id may be found by name, address, "
            "zip, city and country all being equal",
            examples=[False],
        ),
    ] = True
    update: Annotated[
        Literal["never", "newer"],
        Field(
            description="`newer`: write Opter's data to an existing customer when they were changed later than "
            "e-conomic's",
            examples=["newer"],
        ),
    ] = "never"


class Vat(Section):
    """VAT zones: which number stands for which, and who belongs to which."""

    home_country: Annotated[
        Country, Field(description="Country of the agreement: its customers are domestic", examples=["SE"])
    ] = "DK"
    domestic: Annotated[Number, Field(description="Number of the zone of domestic customers", examples=[11])] = 1
    eu: Annotated[Number, Field(description="Number of the zone of customers in the EU", examples=[12])] = 2
    abroad: Annotated[Number, Field(description="Number of the zone of customers elsewhere", examples=[13])] = 3
    domestic_exempt: Annotated[
        Number, Field(description="Number of the zone of domestic customers exempt from VAT", examples=[14])
    ] = 4
    exempt_codes: Annotated[
        tuple[str, ...],
        Field(
            description="Opter's VAT codes that put a domestic invoice into the exempt zone when every line carries "
            "one of them",
            examples=[("M0",)],
        ),
    ] = ()
    eu_without_vat_number: Annotated[
        Literal["domestic", "eu"],
        Field(description="Zone of EU customers without a VAT number: consumers pay the seller's VAT", examples=["eu"]),
    ] = "domestic"


class Codes(Section):
    """Opter's "Codes" tab: its names and codes paired with e-conomic's."""

    payment_conditions: Annotated[
        dict[str, str],
        Field(
            description="Opter's payment condition = name of e-conomic's payment terms; without an entry, days decide",
            examples=[{"30 dage": "Netto 30 dage"}],
        ),
    ] = Field(default_factory=dict)
    tax_rates: Annotated[
        dict[str, str],
        Field(
            description="Opter's VAT code = e-conomic's, an empty text for lines without a VAT code in e-conomic; "
            "the voucher method needs every code that occurs",
            examples=[{"M25": "U25", "M0": ""}],
        ),
    ] = Field(default_factory=dict)
    sales_accounts: Annotated[
        dict[str, str],
        Field(
            description="Opter's sales account = e-conomic's product group, by number or name, where they differ; "
            "for the invoice method",
            examples=[{"3012": "EU-salg"}],
        ),
    ] = Field(default_factory=dict)
    ledger_accounts: Annotated[
        dict[str, int],
        Field(
            description="Opter's sales account = e-conomic's account number, where they differ; for the voucher method",
            examples=[{"Fragt": 3010}],
        ),
    ] = Field(default_factory=dict)


class Corrections(Section):
    """Credit notes that come before the invoice that they credit."""

    before_original: Annotated[
        Literal["hold", "book"],
        Field(description="`hold` one until its original is exported, or `book` it at once", examples=["book"]),
    ] = "hold"
    hold_days: Annotated[
        int,
        Field(ge=1, le=366, description="Days after which it is exported all the same, with a remark", examples=[30]),
    ] = 14


class TypeRules(Section):
    """How invoices of one type are exported, where it differs from the export as a whole."""

    export: Annotated[
        bool,
        Field(
            description="`false`: invoices of this type stay out of e-conomic; they are counted and shown as excluded",
            examples=[False],
        ),
    ] = True
    numbers: Annotated[
        Numbers | None, Field(description="As `booking.numbers`; for the invoice method", examples=["economic"])
    ] = None
    layout: Annotated[
        Number | None, Field(description="`layoutNumber` of the invoices; for the invoice method", examples=[21])
    ] = None
    journal: Annotated[
        Number | None,
        Field(description="Number of the journal that the vouchers go to; for the voucher method", examples=[3]),
    ] = None


class Limits(Section):
    """How fast this agreement may be called; e-conomic's headers slow it down further."""

    tokens_per_minute: Annotated[
        int,
        Field(
            ge=1,
            description="Tokens per 60 seconds that e-conomic grants, until its `X-RateLimiting` headers say otherwise",
            examples=[5_000],
        ),
    ] = 10_000
    share: Annotated[float, Field(gt=0, le=1, description="Share of the granted tokens to use", examples=[0.5])] = 0.95
    calls_per_day: Annotated[
        int,
        Field(ge=1, description="Calls per 24 hours (e-conomic's fair use is 50 000 per agreement)", examples=[20_000]),
    ] = 45_000


#: An amount in the invoice's currency.
Difference = Annotated[Decimal, Field(ge=0, le=1)]


class Booking(Section):
    """How far the invoice method goes."""

    book: Annotated[bool, Field(description="`false`: stop at the draft, a person books", examples=[False])] = True
    numbers: Annotated[
        Numbers,
        Field(
            description="`opter`: book with Opter's invoice number; `economic`: let e-conomic number",
            examples=["economic"],
        ),
    ] = "opter"
    tolerance: Annotated[
        Difference,
        Field(
            description="Largest accepted difference of net, VAT and gross between Opter and the draft, in the "
            "invoice's currency",
            examples=[Decimal("0.02")],
        ),
    ] = Decimal("0.00")
    due_date_mismatch: Annotated[
        Literal["remark", "refuse"],
        Field(
            description="When Opter's due date is not the one that the terms give: `remark` it in the period's "
            "report, or `refuse`; of a voucher, when it lies before the invoice's date",
            examples=["refuse"],
        ),
    ] = "remark"
    zero_total: Annotated[
        Literal["book", "skip"],
        Field(
            description="An invoice of which every amount is zero: `book` it like any other, or `skip` it without "
            "posting anything, as whether e-conomic books such an invoice is not documented",
            examples=["skip"],
        ),
    ] = "book"


class Voucher(Section):
    """How the voucher method posts; the journal is a key beside the method."""

    layout: Annotated[
        Literal["one-post", "per-account"],
        Field(
            description="`one-post`: one customer entry for the gross amount, revenue as finance entries against the "
            "clearing account; `per-account`: one customer entry for each sales account and VAT code, with it as "
            "contra account",
            examples=["per-account"],
        ),
    ] = "one-post"
    clearing_account: Annotated[
        int | None,
        Field(
            description="Account between customer entry and finance entries; it ends at zero with every voucher. "
            "Needed by `one-post` unless an invoice has a single sales account and VAT code",
            examples=[5990],
        ),
    ] = None
    rounding_account: Annotated[
        int | None,
        Field(
            description="Account for Opter's rounding and for VAT that e-conomic rounds otherwise; none: such "
            "invoices are refused",
            examples=[4990],
        ),
    ] = None
    most_rounding: Annotated[
        Difference,
        Field(
            description="Largest amount that may go to the rounding account, in the invoice's currency",
            examples=[Decimal("0.05")],
        ),
    ] = Decimal("0.50")
    invoice_number_property: Annotated[
        Literal["customerInvoice", "customerInvoiceNumber", "both"],
        Field(
            description="The property in which e-conomic reads the invoice number: its schema and its examples differ",
            examples=["both"],
        ),
    ] = "customerInvoice"
    missing_pdf: Annotated[
        Literal["refuse", "post"],
        Field(
            description="An invoice without a usable PDF: `refuse` it before anything is posted, or `post` it without "
            "and remark it",
            examples=["post"],
        ),
    ] = "refuse"
    book: Annotated[
        bool,
        Field(
            description="Whether the journal's entries are booked at once; else a bookkeeper reviews and books",
            examples=[True],
        ),
    ] = False
