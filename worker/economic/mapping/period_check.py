"""The check of a whole period against the agreement's set-up, before its first write: one list of what is missing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from config.exports import ExportConfig
from worker.domain.export_rules import exclusion
from worker.domain.invoice import Invoice, Line
from worker.domain.reasons import ReasonCode, invalid, merged
from worker.economic.mapping import dates
from worker.economic.mapping.customer_payload import check_defaults, check_findable
from worker.economic.mapping.dates import waits, year_of
from worker.economic.mapping.documents import check_rounding
from worker.economic.mapping.exchange_rates import exchange_rate
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.products import choose, group_for, predict
from worker.economic.mapping.reasons import REASONS, SetUpReason, VoucherReason, set_up_related
from worker.economic.mapping.vat_zones import check_zone, choose_zone, zone_for
from worker.economic.mapping.voucher_payload import open_journal, voucher_payload
from worker.economic.mapping.voucher_postings import ledger_account, named_accounts, vat_code
from worker.errors import Failure, InvalidInvoice

#: More values than a person wants to read in one line.
_MOST_VALUES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodCheck:
    """What the preflight of a period has found."""

    #: Key of the invoice in the mapping that was checked -> one failure that says all that is wrong with it. Invoices
    #: that wait for their accounting period to be opened are not among them.
    failures: Mapping[str, Failure]
    #: One message about the period as a whole; empty when nothing is wrong.
    notice: str


def check_period(
    invoices: Mapping[str, Invoice],
    export: ExportConfig,
    master_data: MasterData,
    own_zones: Mapping[str, int] | None = None,
) -> PeriodCheck:
    """Check every invoice of a period; the master data must cover all of its ``grouped_accounts``.

    ``own_zones`` are the customers' VAT zones in e-conomic by the invoices' keys, where they were needed.
    """
    zones = own_zones or {}
    checked = {
        key: check_against_agreement(invoice, export, master_data, zones.get(key)) for key, invoice in invoices.items()
    }
    waiting = [failures for failures in checked.values() if waits(failures, export)]
    failing = {key: failures for key, failures in checked.items() if failures and not waits(failures, export)}
    parts = (notice(list(failing.values()), len(invoices), sales_accounts(invoices.values())), _waiting(waiting))
    return PeriodCheck(
        failures={key: merged(failures) for key, failures in failing.items()}, notice="\n".join(filter(None, parts))
    )


def sales_accounts(invoices: Iterable[Invoice]) -> frozenset[str]:
    """Return every sales account that these invoices use."""
    return frozenset(line.sales_account for invoice in invoices for line in invoice.lines)


def grouped_accounts(invoices: Iterable[Invoice], export: ExportConfig) -> frozenset[str]:
    """Return the sales accounts whose product groups are needed: none for the voucher method, which has no products."""
    return sales_accounts(invoices) if export.method == "invoice" else frozenset()


def needs_own_zone(failure: Failure) -> bool:
    """Whether the customer's own VAT zone in e-conomic may settle a failure."""
    return failure.reason in {SetUpReason.VAT_MISMATCH, SetUpReason.VAT_ACCOUNT_MISSING}


def check_against_agreement(
    invoice: Invoice, export: ExportConfig, master_data: MasterData, own_zone: int | None = None
) -> list[Failure]:
    """Return everything that keeps this invoice from being exported, each thing once.

    What the agreement's set-up decides comes first, so that the first failure shows whether reading it again may help.
    An invoice that is left out on purpose needs nothing.
    """
    if exclusion(invoice, export):
        return []
    export = export.for_type(invoice.invoice_type)
    zone = zone_for(invoice.customer, invoice.lines, export.vat)
    shared = _collected(
        lambda: _currency(invoice, master_data),
        lambda: _layout(export.customers.layout, master_data),
        lambda: _layout(export.invoice_layout, master_data),
        lambda: check_defaults(export, master_data),
        lambda: year_of(invoice.invoice_date, master_data.years),
        lambda: check_zone(zone, master_data),
    )
    own = _collected(
        lambda: check_findable(invoice.customer, match_address=export.customers.match_address),
        lambda: exchange_rate(invoice, export, master_data),
        lambda: _first_date(invoice, export),
    )
    by_method = (
        _check_voucher(invoice, export, master_data)
        if export.method == "voucher"
        else _check_draft(invoice, export, master_data, own_zone)
    )
    failures = dict.fromkeys([*shared, *own, *by_method])
    return sorted(failures, key=lambda failure: not set_up_related(failure))


def _currency(invoice: Invoice, master_data: MasterData) -> None:
    if invoice.currency not in master_data.currencies:
        text = f"Currency {invoice.currency} does not exist in e-conomic."
        raise invalid(SetUpReason.CURRENCY_UNKNOWN, text, field="currency", value=invoice.currency)


def _layout(layout: int, master_data: MasterData) -> None:
    if layout not in master_data.layouts:
        text = f"Layout {layout} does not exist in e-conomic, or has been deleted."
        raise invalid(SetUpReason.LAYOUT_MISSING, text, field="customers.layout", value=layout)


def _first_date(invoice: Invoice, export: ExportConfig) -> None:
    if export.first_date and invoice.invoice_date < export.first_date:
        text = f"The invoice is dated {invoice.invoice_date}, before the export's first_date {export.first_date}."
        raise invalid(SetUpReason.BEFORE_FIRST_DATE, text, field="invoiceDate", value=invoice.invoice_date)


def _check_draft(
    invoice: Invoice, export: ExportConfig, master_data: MasterData, own_zone: int | None
) -> list[Failure]:
    zone = choose_zone(invoice, export, master_data, own_zone).number
    terms = _collected(lambda: dates.resolve_terms(invoice, master_data.payment_terms, export))
    lines = [failure for line in invoice.lines for failure in _check_line(line, zone, export, master_data)]
    return [*terms, *lines, *_collected(lambda: check_rounding(invoice, export))]


def _check_line(line: Line, zone: int, export: ExportConfig, master_data: MasterData) -> Iterator[Failure]:
    try:
        group = group_for(line.sales_account, export.codes.sales_accounts, master_data.groups)
    except InvalidInvoice as refusal:
        yield refusal.failure
        return
    yield from _collected(lambda: choose(line.sales_account, group, master_data.products))
    if zone in master_data.vat_zones:
        yield from _collected(lambda: predict(line, group, zone, master_data))


def _check_voucher(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> list[Failure]:
    """Check mapping and arithmetic, at last by making the voucher itself, for any customer.

    Payment terms matter to new customers only, but whether a customer is new is not known before its invoice's turn.
    """
    lines = [
        check
        for line in invoice.lines
        for check in (
            partial(vat_code, line, export, master_data),
            partial(ledger_account, line.sales_account, export, master_data),
        )
    ]
    return _collected(
        lambda: open_journal(export, master_data),
        lambda: named_accounts(export, master_data),
        lambda: _new_customers_terms(invoice, export, master_data),
        *lines,
        lambda: voucher_payload(invoice, export, master_data, f"{export.name}-{invoice.invoice_number}", 1),
        lambda: _pdf(invoice, export),
    )


def _new_customers_terms(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> None:
    if export.customers.payment_terms is None:
        dates.choose_terms(invoice.payment_condition, master_data.payment_terms, export.codes.payment_conditions)


def _pdf(invoice: Invoice, export: ExportConfig) -> None:
    if invoice.pdf is None and export.voucher.missing_pdf == "refuse":
        text = f"Invoice {invoice.invoice_number} comes without a PDF."
        raise invalid(VoucherReason.PDF_MISSING, text, field="pdf")


def notice(failing: Sequence[Sequence[Failure]], total: int, sales_accounts: Iterable[str]) -> str:
    """Return the message about the failures of each failing invoice; empty when there are none.

    Missing product groups are listed together with all sales accounts used in the period, as Opter's own export does
    (docs.opter.com, integration-001).
    """
    if not failing:
        return ""
    accounts = ", ".join(sorted(sales_accounts))
    reasons = {failure.reason for failures in failing for failure in failures}
    return "\n".join(
        [
            f"{len(failing)} of {total} invoices cannot be exported yet; the others go on.",
            *(_paragraph(reason, failing) for reason in REASONS.values() if reason in reasons),
            f"Sales accounts used in this export: {accounts}.",
        ]
    )


def _paragraph(reason: ReasonCode, failing: Sequence[Sequence[Failure]]) -> str:
    same = [[failure for failure in failures if failure.reason == reason] for failures in failing]
    values = sorted({failure.value for failures in same for failure in failures if failure.value})
    more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
    listed = ", ".join(values[:_MOST_VALUES]) + more
    count = sum(map(bool, same))
    invoices = f"{count} {'invoice' if count == 1 else 'invoices'}"
    return f"{reason.heading}: {listed or 'see the invoices'} ({invoices}). {reason.next_step}"


def _waiting(waiting: Sequence[Sequence[Failure]]) -> str:
    if not waiting:
        return ""
    dates = ", ".join(sorted({failure.value for failures in waiting for failure in failures}))
    count = f"{len(waiting)} {'invoice waits' if len(waiting) == 1 else 'invoices wait'}"
    return f"{count} for e-conomic's books to be opened, as closed_period says; dated {dates}."


def _collected(*checks: Callable[[], object]) -> list[Failure]:
    """Run all of the checks; return what they refuse, in their order."""
    failures = []
    for check in checks:
        try:
            check()
        except InvalidInvoice as refusal:
            failures.append(refusal.failure)
    return failures
