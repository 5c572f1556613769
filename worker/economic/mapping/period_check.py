"""The whole period against the agreement's set-up, before its first write: everything that is missing, in one list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.exports import ExportConfig
from worker.domain.export_rules import exclusion
from worker.domain.invoice import Invoice, Line
from worker.domain.reasons import ReasonCode, collected, failure, merged
from worker.economic.mapping.accounting_years import waits, year_of
from worker.economic.mapping.customer_payload import check_defaults, check_findable
from worker.economic.mapping.draft import check_rounding, exchange_rate
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.payment_terms import resolve_terms
from worker.economic.mapping.products import choose, group_for
from worker.economic.mapping.reasons import REASONS, SetUpReason, set_up_related
from worker.economic.mapping.vat_zones import check_zone, predict, zone_for
from worker.economic.mapping.voucher_checks import check_voucher
from worker.errors import Failure, InvalidInvoice

#: More values than a person wants to read in one line.
_MOST_VALUES = 50


def notice(failing: Sequence[Sequence[Failure]], total: int, sales_accounts: Iterable[str]) -> str:
    """Return the message for the failures of each failing invoice; empty when there are none.

    Missing product groups are told together with all sales accounts used in the period, as Opter's own export does
    (docs.opter.com, integration-001).
    """
    if not failing:
        return ""
    accounts = ", ".join(sorted(sales_accounts))
    told = {one.reason for found in failing for one in found}
    return "\n".join(
        [
            f"{len(failing)} of {total} invoices cannot be exported yet; the others go on.",
            *(_paragraph(reason, failing) for reason in REASONS.values() if reason in told),
            f"Sales accounts used in this export: {accounts}.",
        ]
    )


def _paragraph(reason: ReasonCode, failing: Sequence[Sequence[Failure]]) -> str:
    values = sorted({one.value for found in failing for one in found if one.reason == reason and one.value})
    count = sum(any(one.reason == reason for one in found) for found in failing)
    listed = ", ".join(values[:_MOST_VALUES]) + (
        f" and {len(values) - _MOST_VALUES} more" * (len(values) > _MOST_VALUES)
    )
    invoices = f"{count} {'invoice' if count == 1 else 'invoices'}"
    return f"{reason.heading}: {listed or 'see the invoices'} ({invoices}). {reason.next_step}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodCheck:
    """What the preflight of a period found."""

    #: By the key that the invoice was handed in under: one failure, telling all that is wrong with it. Those that wait
    #: for their accounting period to be opened are not among them.
    failures: Mapping[str, Failure]
    #: One message about the period as a whole; empty when nothing is wrong.
    notice: str


def sales_accounts(invoices: Iterable[Invoice]) -> frozenset[str]:
    """Return every sales account that these invoices use."""
    return frozenset(line.sales_account for invoice in invoices for line in invoice.lines)


def grouped_accounts(invoices: Iterable[Invoice], export: ExportConfig) -> frozenset[str]:
    """Return the sales accounts whose product groups are needed: none for the voucher method, which has no products."""
    return sales_accounts(invoices) if export.method == "invoice" else frozenset()


def check_period(invoices: Mapping[str, Invoice], export: ExportConfig, master_data: MasterData) -> PeriodCheck:
    """Check every invoice of a period; the reference data must cover all of its ``grouped_accounts``."""
    checked = {key: check_against_agreement(invoice, export, master_data) for key, invoice in invoices.items()}
    failing = {key: found for key, found in checked.items() if found and not waits(found, export)}
    waiting = [found for found in checked.values() if waits(found, export)]
    parts = (notice(list(failing.values()), len(invoices), sales_accounts(invoices.values())), _waiting(waiting))
    return PeriodCheck(
        failures={key: merged(found) for key, found in failing.items()}, notice="\n".join(filter(None, parts))
    )


def check_against_agreement(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> list[Failure]:
    """Return everything that keeps this invoice from being exported, each thing once.

    What the agreement's set-up decides comes first, so that the first failure tells whether a re-read may help. An
    invoice that is left out on purpose needs nothing.
    """
    if exclusion(invoice, export):
        return []
    export = export.for_type(invoice.invoice_type)
    zone = zone_for(invoice.customer, invoice.lines, export.vat)
    shared = collected(
        lambda: _currency(invoice, master_data),
        lambda: _layout(export.customers.layout, master_data),
        lambda: _layout(export.invoice_layout, master_data),
        lambda: check_defaults(export, master_data),
        lambda: year_of(invoice.invoice_date, master_data.years),
        lambda: check_zone(zone, master_data),
    )
    method = check_voucher if export.method == "voucher" else _check_draft
    own = collected(
        lambda: check_findable(invoice.customer, match_address=export.customers.match_address),
        lambda: exchange_rate(invoice, master_data.base_currency),
        lambda: _first_date(invoice, export),
    )
    found = dict.fromkeys([*shared, *own, *method(invoice, export, master_data)])
    return sorted(found, key=lambda one: not set_up_related(one))


def _check_draft(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> list[Failure]:
    zone = zone_for(invoice.customer, invoice.lines, export.vat)
    terms = collected(lambda: resolve_terms(invoice, master_data.payment_terms, export))
    lines = [one for line in invoice.lines for one in _line(line, zone, export, master_data)]
    return [*terms, *lines, *collected(lambda: check_rounding(invoice, export))]


def check_voucher(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> list[Failure]:
    """Return every refusal of mapping and arithmetic; the last check is the voucher itself, for any customer.

    Payment terms matter to new customers only, but whether one is new is not known before its invoice's turn.
    """
    lines = [
        check
        for line in invoice.lines
        for check in (
            partial(vat_code, line, export, master_data),
            partial(ledger_account, line.sales_account, export, master_data),
        )
    ]
    return collected(
        lambda: open_journal(export, master_data),
        lambda: named_accounts(export, master_data),
        lambda: _new_customers_terms(invoice, export, master_data),
        *lines,
        lambda: voucher_payload(invoice, export, master_data, f"{export.name}-{invoice.invoice_number}", 1),
        lambda: _pdf(invoice, export),
    )


def _new_customers_terms(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> None:
    if export.customers.payment_terms is None:
        payment_terms.choose(invoice.payment_condition, master_data.payment_terms, export.codes.payment_conditions)


def _pdf(invoice: Invoice, export: ExportConfig) -> None:
    if invoice.pdf is None and export.voucher.missing_pdf == "refuse":
        text = f"Invoice {invoice.invoice_number} comes without a PDF."
        raise InvalidInvoice(failure(VoucherReason.PDF_MISSING, text, field="pdf"))


def _line(line: Line, zone: int, export: ExportConfig, master_data: MasterData) -> Iterator[Failure]:
    try:
        group = group_for(line.sales_account, export.codes.sales_accounts, master_data.groups)
    except InvalidInvoice as refusal:
        yield refusal.failure
        return
    yield from collected(lambda: choose(line.sales_account, group, master_data.products))
    if zone in master_data.vat_zones:
        yield from collected(lambda: predict(line, group, zone, master_data))


def _waiting(waiting: Sequence[Sequence[Failure]]) -> str:
    if not waiting:
        return ""
    dates = ", ".join(sorted({one.value for found in waiting for one in found}))
    count = f"{len(waiting)} {'invoice waits' if len(waiting) == 1 else 'invoices wait'}"
    return f"{count} for e-conomic's books to be opened, as closed_period says; dated {dates}."


def _currency(invoice: Invoice, master_data: MasterData) -> None:
    if invoice.currency not in master_data.currencies:
        text = f"Currency {invoice.currency} does not exist in e-conomic."
        raise InvalidInvoice(failure(SetUpReason.CURRENCY_UNKNOWN, text, field="currency", value=invoice.currency))


def _layout(layout: int, master_data: MasterData) -> None:
    if layout not in master_data.layouts:
        text = f"Layout {layout} does not exist in e-conomic, or has been deleted."
        raise InvalidInvoice(failure(SetUpReason.LAYOUT_MISSING, text, field="customers.layout", value=str(layout)))


def _first_date(invoice: Invoice, export: ExportConfig) -> None:
    if export.first_date and invoice.invoice_date < export.first_date:
        text = f"The invoice is dated {invoice.invoice_date}, before the export's first_date {export.first_date}."
        value = str(invoice.invoice_date)
        raise InvalidInvoice(failure(SetUpReason.BEFORE_FIRST_DATE, text, field="invoiceDate", value=value))
