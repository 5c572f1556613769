"""The tables of an export that belong to one of its methods; deploy/exports.md is made from them."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from config.export_tables import Numbers, Section

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
        Literal["book", "settle"],
        Field(
            description="An invoice of which every amount is zero: `book` it like any other, or `settle` it without "
            "posting anything, as whether e-conomic books such an invoice is not documented",
            examples=["settle"],
        ),
    ] = "book"


class Voucher(Section):
    """How the voucher method posts; the journal stands beside the method."""

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
