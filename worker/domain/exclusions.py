"""Invoices that end without anything being posted, because the exports file says so."""

from collections import defaultdict
from decimal import Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.domain.record import Outcome


def exclusion(invoice: Invoice, export: ExportConfig) -> Outcome | None:
    """Return how an invoice ends that is not to be posted; None when it is."""
    if not export.rules_of(invoice.invoice_type).export:
        return Outcome.EXCLUDED
    if export.booking.zero_total == "skip" and nothing_to_book(invoice):
        return Outcome.NOTHING_TO_BOOK
    return None


def nothing_to_book(invoice: Invoice) -> bool:
    """Tell whether no account would move: a total of zero may still shift revenue from one account to another."""
    sums: defaultdict[tuple[str, str, Decimal], Decimal] = defaultdict(lambda: ZERO)
    for line in invoice.lines:
        coding = (line.sales_account, line.vat_code, line.vat_rate)
        sums[coding] += line.net + line.vat
    return invoice.gross == ZERO and invoice.rounding == ZERO and not any(sums.values())
