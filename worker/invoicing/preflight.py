"""The whole period against the agreement's set-up, before its first write: everything that is missing, in one list."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from config.exports import Export
from worker.errors import Failure, InvalidInvoice
from worker.invoicing.accounting import year_of
from worker.invoicing.customers import check_defaults, check_findable
from worker.invoicing.draft import check_rounding, exchange_rate
from worker.invoicing.invoice import Invoice, Line
from worker.invoicing.notice import notice
from worker.invoicing.products import choose, group_for
from worker.invoicing.reasons import Reason, failure, merged
from worker.invoicing.reference import ReferenceData
from worker.invoicing.terms import settle
from worker.invoicing.vat import check_zone, predict, zone_for


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodVerdict:
    """What the preflight of a period found."""

    #: By the key that the invoice was handed in under: one failure, telling all that is wrong with it.
    failures: Mapping[str, Failure]
    #: One message about the period as a whole; empty when nothing is wrong.
    notice: str


def sales_accounts(invoices: Iterable[Invoice]) -> frozenset[str]:
    """Return every sales account that these invoices use."""
    return frozenset(line.sales_account for invoice in invoices for line in invoice.lines)


def check_period(invoices: Mapping[str, Invoice], export: Export, reference: ReferenceData) -> PeriodVerdict:
    """Check every invoice of a period; the reference data must cover all of its ``sales_accounts``."""
    checked = {key: check_invoice(invoice, export, reference) for key, invoice in invoices.items()}
    failing = {key: found for key, found in checked.items() if found}
    return PeriodVerdict(
        failures={key: merged(found) for key, found in failing.items()},
        notice=notice(list(failing.values()), len(invoices), sales_accounts(invoices.values())),
    )


def check_invoice(invoice: Invoice, export: Export, reference: ReferenceData) -> list[Failure]:
    """Return everything that keeps this invoice from being exported, each thing once.

    What the agreement's set-up decides comes first, so that the first failure tells whether a re-read may help.
    """
    zone = zone_for(invoice.customer, invoice.lines, export.vat)
    set_up = _collected(
        lambda: _currency(invoice, reference),
        lambda: _layout(export, reference),
        lambda: check_defaults(export, reference),
        lambda: year_of(invoice.invoice_date, reference.years),
        lambda: settle(invoice, reference.payment_terms, export),
        lambda: check_zone(zone, reference),
    )
    lines = [one for line in invoice.lines for one in _line(line, zone, export, reference)]
    own = _collected(
        lambda: check_findable(invoice.customer, match_address=export.customers.match_address),
        lambda: exchange_rate(invoice, reference.base_currency),
        lambda: check_rounding(invoice, export),
    )
    return list(dict.fromkeys([*set_up, *lines, *own]))


def _line(line: Line, zone: int, export: Export, reference: ReferenceData) -> Iterator[Failure]:
    try:
        group = group_for(line.sales_account, export.codes.sales_accounts, reference.groups)
    except InvalidInvoice as refusal:
        yield refusal.failure
        return
    yield from _collected(lambda: choose(line.sales_account, group, reference.products))
    if zone in reference.vat_zones:
        yield from _collected(lambda: predict(line, group, zone, reference))


def _collected(*checks: Callable[[], object]) -> list[Failure]:
    found = []
    for check in checks:
        try:
            check()
        except InvalidInvoice as refusal:
            found.append(refusal.failure)
    return found


def _currency(invoice: Invoice, reference: ReferenceData) -> None:
    if invoice.currency not in reference.currencies:
        text = f"Currency {invoice.currency} does not exist in e-conomic."
        raise InvalidInvoice(failure(Reason.CURRENCY_UNKNOWN, text, field="currency", value=invoice.currency))


def _layout(export: Export, reference: ReferenceData) -> None:
    layout = export.customers.layout
    if layout not in reference.layouts:
        text = f"Layout {layout} does not exist in e-conomic, or has been deleted."
        raise InvalidInvoice(failure(Reason.LAYOUT_MISSING, text, field="customers.layout", value=str(layout)))
