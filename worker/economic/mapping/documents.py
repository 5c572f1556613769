"""Documents that stand in e-conomic: read from its answers, and compared with Opter's invoice to the øre."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from worker.domain.identity import normal_reference
from worker.domain.invoice import Invoice
from worker.domain.money import to_oere
from worker.domain.reasons import failure
from worker.economic.mapping.master_data import Document, VoucherFound
from worker.economic.reasons import EconomicReason
from worker.errors import Failure

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
