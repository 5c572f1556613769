"""The draft invoice as POST /invoices/drafts takes it, and the request that books it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, InvoiceType, Line
from worker.domain.money import ZERO
from worker.domain.reasons import invalid
from worker.economic.mapping.exchange_rates import exchange_rate
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.payment_terms import resolve_terms
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.mapping.text_limits import Fitted, Source, fit
from worker.economic.mapping.vat_zones import check_zone, choose_zone

_ONE = Decimal("1.00")


def heading(invoice: Invoice) -> str:
    """Return the word over the invoice: e-conomic has no document type, a negative total is a credit note."""
    credit = invoice.gross < ZERO or (invoice.gross == ZERO and invoice.invoice_type is InvoiceType.CORRECTION)
    return "Kreditnota" if credit else "Faktura"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What to send, and what in it differs from the source."""

    payload: dict[str, Any]
    remarks: tuple[str, ...]


def draft_payload(  # noqa: PLR0913, PLR0917  # an invoice needs all of it
    invoice: Invoice,
    export: ExportConfig,
    master_data: MasterData,
    document_reference: str,
    customer_number: int,
    products: Mapping[str, str],
    own_zone: int | None = None,
) -> Draft:
    """Return the draft of an invoice; ``products`` maps its sales accounts to product numbers.

    ``own_zone`` is the customer's VAT zone in e-conomic, where it was needed.

    Money is Decimal with two decimals; a credit note is a draft with negative prices. Raises ``InvalidInvoice`` when
    the agreement's set-up does not allow it.
    """
    check_rounding(invoice, export)
    resolved = resolve_terms(invoice, master_data.payment_terms, export)
    recipient, notes = fit(_recipient(invoice)), fit(_notes(invoice, export))
    rate, rate_remarks = exchange_rate(invoice, export, master_data)
    lines = [_line(line, invoice, products) for line in sorted(invoice.lines, key=lambda line: line.line_number)]
    zone = choose_zone(invoice, export, master_data, own_zone)
    payload = {
        "date": invoice.invoice_date.isoformat(),
        "currency": invoice.currency,
        **({"exchangeRate": rate} if rate else {}),
        "layout": {"layoutNumber": export.invoice_layout},
        "paymentTerms": {"paymentTermsNumber": resolved.terms.number},
        **({"dueDate": resolved.due_date.isoformat()} if resolved.due_date else {}),
        "customer": {"customerNumber": customer_number},
        "recipient": {**recipient.texts, "vatZone": {"vatZoneNumber": check_zone(zone.number, master_data)}},
        "references": {"other": document_reference},
        "notes": notes.texts,
        "lines": [{"lineNumber": n, "sortKey": n, **fields} for n, (fields, _) in enumerate(lines, start=1)],
    }
    cuts = (remark for fitted in (recipient, notes, *(text for _, text in lines)) for remark in fitted.remarks)
    return Draft(payload=payload, remarks=(*resolved.remarks, *rate_remarks, *zone.remarks, *_left_out(invoice), *cuts))


def check_rounding(invoice: Invoice, export: ExportConfig) -> None:
    """Refuse a rounding difference above ``booking.tolerance``, as a draft has no field for it.

    Within the tolerance the invoice is booked without it. Raises ``InvalidInvoice``.
    """
    if abs(invoice.rounding) > export.booking.tolerance:
        text = f"Opter rounded the total by {invoice.rounding} {invoice.currency}; e-conomic cannot."
        raise invalid(SetUpReason.ROUNDING_UNSUPPORTED, text, field="rounding", value=invoice.rounding)


def units_left_out(invoice: Invoice) -> list[str]:
    """Return a remark on how many lines carried economic units: they are not exported, as Opter states."""
    lines = sum(bool(line.economic_units) for line in invoice.lines)
    return [f"economicUnits: of {lines} lines left out; they are not exported to e-conomic"] if lines else []


def _recipient(invoice: Invoice) -> tuple[Source, ...]:
    customer = invoice.customer
    return (
        Source(name="name", field="customer.name", text=customer.name, limit=250, required=True),
        Source(name="address", field="customer.address", text=customer.address, limit=250, lines=True),
        Source(name="zip", field="customer.zip", text=customer.zip, limit=50),
        Source(name="city", field="customer.city", text=customer.city, limit=250),
        Source(name="country", field="customer.country", text=customer.country, limit=50),
        Source(name="ean", field="customer.ean", text=customer.ean, limit=13, whole=True),
    )


def _notes(invoice: Invoice, export: ExportConfig) -> tuple[Source, ...]:
    """What has to survive a cut at e-conomic's limit comes first, the order numbers last."""
    parts = (
        # Opter's number too, where e-conomic assigns another.
        f"Fakturanr. i Opter: {invoice.invoice_number}" if export.booking.numbers == "economic" else "",
        f"Krediterer faktura {invoice.credits_invoice_number}" if invoice.credits_invoice_number else "",
        f"Deres ref.: {invoice.your_reference}" if invoice.your_reference else "",
        f"Ordrer: {', '.join(invoice.order_numbers)}" if invoice.order_numbers else "",
    )
    text = "\n".join(filter(None, parts))
    return (
        Source(name="heading", field="invoiceType", text=heading(invoice), limit=250),
        Source(name="textLine1", field="orderNumbers", text=text, limit=1000, lines=True),
    )


def _line(line: Line, invoice: Invoice, products: Mapping[str, str]) -> tuple[dict[str, Any], Fitted]:
    described = line.text or f"{heading(invoice)} {invoice.invoice_number}"
    field = f"lines[{line.line_number}].text"
    text = fit([Source(name="description", field=field, text=described, limit=2500, lines=True)])
    return {
        **text.texts,
        "product": {"productNumber": products[line.sales_account]},
        "quantity": _ONE,
        "unitNetPrice": line.net,
    }, text


def _left_out(invoice: Invoice) -> Iterator[str]:
    if invoice.rounding:
        yield f"rounding: {invoice.rounding} left out, as it is within the tolerance"
    yield from units_left_out(invoice)
    # Opter's accounts are free text until somebody numbers them; a group of that name is enough for us.
    for account in sorted({line.sales_account for line in invoice.lines if not line.sales_account.isdigit()}):
        yield f"salesAccount: {account!r} is a name, not an account number"


def booking_payload(draft_number: int, book_with_number: int | None) -> dict[str, Any]:
    """Return the body of POST /invoices/booked; None: e-conomic assigns the number. Opter mails the invoice itself.

    Booking is irreversible, so it names exactly one draft and, where Opter owns the number series, the number.
    """
    numbered = {"bookWithNumber": book_with_number} if book_with_number else {}
    return {"draftInvoice": {"draftInvoiceNumber": draft_number}, **numbered, "sendBy": "none"}
