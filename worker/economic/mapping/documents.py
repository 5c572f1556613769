"""Invoice documents: the draft as POST takes it, the request that books it, and what stands in e-conomic, compared."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from config.exports import ExportConfig
from worker.domain.identity import normal_reference
from worker.domain.invoice import Invoice, InvoiceType, Line
from worker.domain.money import ZERO, to_oere
from worker.domain.reasons import failure, invalid
from worker.economic.mapping.dates import resolve_terms
from worker.economic.mapping.exchange_rates import exchange_rate
from worker.economic.mapping.master_data import Document, MasterData, VoucherFound
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.mapping.text_limits import Fitted, Source, fit
from worker.economic.mapping.vat_zones import check_zone, choose_zone
from worker.economic.reasons import EconomicReason
from worker.errors import Failure

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


Referring = TypeVar("Referring", Document, VoucherFound)
#: e-conomic's numbers of documents have at most nine digits.
_HIGHEST_NUMBER = 999_999_999


def read_document(body: Any, *, booked: bool) -> Document | None:
    """Return the document in an answer; None when there is none, so that nothing is concluded from half an answer.

    e-conomic may leave out what is zero or empty (measured); number, currency and customer are always there.
    """
    try:
        return document(body, booked=booked)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
        return None


def document(body: Mapping[str, Any], *, booked: bool) -> Document:
    """Return the draft or booked invoice of a JSON object; raises what reading another shape raises."""
    former = body.get("orderNumber") if booked else None
    number = whole_number(body["bookedInvoiceNumber" if booked else "draftInvoiceNumber"])
    address = re.split(r"[?#]", str(body.get("self") or ""), maxsplit=1)[0]
    return Document(
        number=number,
        booked=booked,
        document_reference=str(body.get("references", {}).get("other", "")),
        customer=int(body["customer"]["customerNumber"]),
        date=str(body["date"]),
        currency=str(body["currency"]),
        net=_money(body, "netAmount"),
        vat=_money(body, "vatAmount"),
        gross=_money(body, "grossAmount"),
        due_date=str(body.get("dueDate", "")),
        former_draft=int(former) if former else None,
        recipient_id=str((body.get("recipient") or {}).get("cvr") or ""),
        located=address.endswith(f"/{number}"),
    )


def identified(references: Iterable[str], found: Iterable[Referring]) -> Iterator[Referring]:
    """Yield what carries one of these references, however a person has written it, under the reference itself."""
    exact = set(references)
    by_normal_form = {normal_reference(reference): reference for reference in exact}
    for each in found:
        reference = each.document_reference
        ours = reference if reference in exact else by_normal_form.get(normal_reference(reference))
        if ours is not None:
            yield each if ours == reference else replace(each, document_reference=ours)


def whole_number(value: Any) -> int:
    """Return the number of a document or voucher. Raises what reading anything else raises."""
    number = int(value)
    if number != value or not 1 <= number <= _HIGHEST_NUMBER:
        raise ValueError(f"{value} is not the number of a document")
    return number


def _money(body: Mapping[str, Any], name: str) -> Decimal:
    """Read a number exactly, shown with two decimals: a float's shortest spelling is what was sent."""
    amount = Decimal(str(body.get(name, 0)))
    if not amount.is_finite():
        raise ValueError(f"{name} is not an amount of money")
    return to_oere(amount) if amount == to_oere(amount) else amount


def compare_totals(invoice: Invoice, document: Document, tolerance: Decimal) -> Failure | None:
    """Return None when currency, net, VAT and gross agree within ``tolerance`` (in the invoice's currency)."""
    if document.currency != invoice.currency:
        text = f"The invoice is in {invoice.currency}, the one in e-conomic in {document.currency}."
        return failure(EconomicReason.TOTALS_MISMATCH, text, field="currency", value=invoice.currency)
    amounts = {
        "net": (invoice.net, document.net),
        "vat": (invoice.vat, document.vat),
        "gross": (invoice.gross, document.gross),
    }
    wrong = [name for name, (ours, theirs) in amounts.items() if abs(ours - theirs) > tolerance]
    if not wrong:
        return None
    text = (
        f"Opter: net {invoice.net}, VAT {invoice.vat}, gross {invoice.gross} {invoice.currency}. "
        f"e-conomic: net {document.net}, VAT {document.vat}, gross {document.gross} {document.currency}. "
        f"They differ in {' and '.join(wrong)}."
    )
    return failure(EconomicReason.TOTALS_MISMATCH, text, field=wrong[0], value=str(amounts[wrong[0]][0]))
