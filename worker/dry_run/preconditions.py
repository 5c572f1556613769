"""The ground that a plan stands on, by name: so that a later plan can say which part of it has changed.

Values are only ever compared; an empty one says that the thing is missing, ambiguous or not usable.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from config.exports import Export
from worker.domain.invoice import Invoice, Line
from worker.economic.mapping import payment_terms
from worker.economic.mapping.accounting_years import year_of
from worker.economic.mapping.customer_payload import check_defaults
from worker.economic.mapping.master_data import ReferenceData
from worker.economic.mapping.period_check import sales_accounts
from worker.economic.mapping.products import choose, group_for
from worker.economic.mapping.vat_zones import zone_for
from worker.economic.mapping.voucher_accounts import ledger_account, named_accounts, open_journal, vat_code
from worker.errors import InvalidInvoice

#: Of an export's entry: what tells whose it is, and what changes nothing in what is posted.
_NOT_COMPARED = {"name", "grant_token", "app_secret_token", "agreement", "limits"}


def set_up(export: Export) -> Mapping[str, str]:
    """Return the parts of the export's entry in the exports file, tokens left out."""
    fields = export.model_dump(mode="json", exclude=_NOT_COMPARED)
    return {name: repr(value) for name, value in fields.items()}


def ground(invoices: Sequence[Invoice], export: Export, reference: ReferenceData) -> Mapping[str, str]:
    """Return everything in e-conomic that these invoices need. ``reference`` must cover their sales accounts."""
    return {name: _told(look) for name, look in _looks(invoices, export, reference)}


def _told(look: Callable[[], object]) -> str:
    try:
        found = look()
    except InvalidInvoice:
        return ""
    return "" if found is None else repr(found)


def _looks(
    invoices: Sequence[Invoice], export: Export, reference: ReferenceData
) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "the defaults of new customers", partial(_passed, check_defaults, export, reference)
    layouts = {export.for_type(one.invoice_type).invoice_layout for one in invoices}
    for layout in sorted({export.customers.layout, *layouts}):
        yield f"layout {layout}", partial(reference.layouts.get, layout)
    for code in sorted({one.currency for one in invoices}):
        yield f"currency {code}", partial(_present, code, reference.currencies)
    for zone in sorted({zone_for(one.customer, one.lines, export.vat) for one in invoices}):
        yield f"VAT zone {zone}", partial(reference.vat_zones.get, zone)
    months = {f"{one.invoice_date:%Y-%m}": one.invoice_date for one in invoices}
    for month, day in sorted(months.items()):
        yield f"the books of {month}", partial(_year, day, reference)
    conditions = {one.payment_condition.name or str(one.payment_condition.days): one for one in invoices}
    for name, invoice in sorted(conditions.items()):
        names = export.codes.payment_conditions
        yield (
            f"payment terms for {name!r}",
            partial(payment_terms.choose, invoice.payment_condition, reference.payment_terms, names),
        )
    yield from (_vouchers if export.method == "voucher" else _groups)(invoices, export, reference)


def _year(day: date, reference: ReferenceData) -> str:
    return year_of(day, reference.years).year


def _groups(
    invoices: Sequence[Invoice], export: Export, reference: ReferenceData
) -> Iterator[tuple[str, Callable[[], object]]]:
    for account in sorted(sales_accounts(invoices)):
        yield f"product group for sales account {account}", partial(_group, account, export, reference)


def _group(account: str, export: Export, reference: ReferenceData) -> object:
    group = group_for(account, export.codes.sales_accounts, reference.groups)
    codes = {one.vat_code for one in group.accounts}
    return (
        group,
        choose(account, group, reference.products),
        [one for one in reference.vat_accounts if one.code in codes],
    )


def _vouchers(
    invoices: Sequence[Invoice], export: Export, reference: ReferenceData
) -> Iterator[tuple[str, Callable[[], object]]]:
    for own in {one.journal: one for one in (export.for_type(each.invoice_type) for each in invoices)}.values():
        yield f"journal {own.journal}", partial(open_journal, own, reference)
    yield "clearing and rounding account", partial(_passed, named_accounts, export, reference)
    for account in sorted(sales_accounts(invoices)):
        yield f"account for sales account {account}", partial(ledger_account, account, export, reference)
    lines = {line.vat_code: line for invoice in invoices for line in invoice.lines}
    for code, line in sorted(lines.items()):
        yield f"VAT code for {code or 'lines without one'}", partial(_vat, line, export, reference)


def _vat(line: Line, export: Export, reference: ReferenceData) -> object:
    return vat_code(line, export, reference) or "none"


def _passed(check: Callable[[Export, ReferenceData], None], export: Export, reference: ReferenceData) -> str:
    check(export, reference)
    return "usable"


def _present(code: str, known: Iterable[str]) -> str | None:
    return code if code in known else None
