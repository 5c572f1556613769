"""The ground that a plan stands on, by name: so that a later plan can say which part of it has changed.

Values are only ever compared; an empty one says that the thing is missing, ambiguous or not usable.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, Line
from worker.economic.mapping import payment_terms
from worker.economic.mapping.accounting_years import year_of
from worker.economic.mapping.customer_payload import check_defaults
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import sales_accounts
from worker.economic.mapping.products import choose, group_for
from worker.economic.mapping.vat_zones import zone_for
from worker.economic.mapping.voucher_payload import open_journal
from worker.economic.mapping.voucher_postings import ledger_account, named_accounts, vat_code
from worker.errors import InvalidInvoice

#: Of an export's entry: what tells whose it is, and what changes nothing in what is posted.
_NOT_COMPARED = {"name", "grant_token", "app_secret_token", "agreement", "limits"}


def set_up(export: ExportConfig) -> Mapping[str, str]:
    """Return the parts of the export's entry in the exports file, tokens left out."""
    fields = export.model_dump(mode="json", exclude=_NOT_COMPARED)
    return {name: repr(value) for name, value in fields.items()}


def ground(invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData) -> Mapping[str, str]:
    """Return everything in e-conomic that these invoices need. ``reference`` must cover their sales accounts."""
    return {name: _told(lookup) for name, lookup in _looks(invoices, export, master_data)}


def _told(lookup: Callable[[], object]) -> str:
    try:
        found = lookup()
    except InvalidInvoice:
        return ""
    return "" if found is None else repr(found)


def _looks(
    invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData
) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "the defaults of new customers", partial(_passed, check_defaults, export, master_data)
    layouts = {export.for_type(one.invoice_type).invoice_layout for one in invoices}
    for layout in sorted({export.customers.layout, *layouts}):
        yield f"layout {layout}", partial(master_data.layouts.get, layout)
    for code in sorted({one.currency for one in invoices}):
        yield f"currency {code}", partial(_present, code, master_data.currencies)
    for zone in sorted({zone_for(one.customer, one.lines, export.vat) for one in invoices}):
        yield f"VAT zone {zone}", partial(master_data.vat_zones.get, zone)
    months = {f"{one.invoice_date:%Y-%m}": one.invoice_date for one in invoices}
    for month, day in sorted(months.items()):
        yield f"the books of {month}", partial(_year, day, master_data)
    conditions = {one.payment_condition.name or str(one.payment_condition.days): one for one in invoices}
    for name, invoice in sorted(conditions.items()):
        names = export.codes.payment_conditions
        yield (
            f"payment terms for {name!r}",
            partial(payment_terms.choose, invoice.payment_condition, master_data.payment_terms, names),
        )
    yield from (_vouchers if export.method == "voucher" else _groups)(invoices, export, master_data)


def _year(day: date, master_data: MasterData) -> str:
    return year_of(day, master_data.years).year


def _groups(
    invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData
) -> Iterator[tuple[str, Callable[[], object]]]:
    for account in sorted(sales_accounts(invoices)):
        yield f"product group for sales account {account}", partial(_group, account, export, master_data)


def _group(account: str, export: ExportConfig, master_data: MasterData) -> object:
    group = group_for(account, export.codes.sales_accounts, master_data.groups)
    codes = {one.vat_code for one in group.accounts}
    return (
        group,
        choose(account, group, master_data.products),
        [one for one in master_data.vat_accounts if one.code in codes],
    )


def _vouchers(
    invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData
) -> Iterator[tuple[str, Callable[[], object]]]:
    for own in {one.journal: one for one in (export.for_type(each.invoice_type) for each in invoices)}.values():
        yield f"journal {own.journal}", partial(open_journal, own, master_data)
    yield "clearing and rounding account", partial(_passed, named_accounts, export, master_data)
    for account in sorted(sales_accounts(invoices)):
        yield f"account for sales account {account}", partial(ledger_account, account, export, master_data)
    lines = {line.vat_code: line for invoice in invoices for line in invoice.lines}
    for code, line in sorted(lines.items()):
        yield f"VAT code for {code or 'lines without one'}", partial(_vat, line, export, master_data)


def _vat(line: Line, export: ExportConfig, master_data: MasterData) -> object:
    return vat_code(line, export, master_data) or "none"


def _passed(check: Callable[[ExportConfig, MasterData], None], export: ExportConfig, master_data: MasterData) -> str:
    check(export, master_data)
    return "usable"


def _present(code: str, known: Iterable[str]) -> str | None:
    return code if code in known else None
