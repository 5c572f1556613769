"""What a plan rests on, by name: the export's set-up, and what the invoices need in e-conomic."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic_core import to_jsonable_python

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, Line
from worker.economic.mapping import dates
from worker.economic.mapping.customer_payload import check_defaults
from worker.economic.mapping.dates import year_of
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import sales_accounts
from worker.economic.mapping.products import choose, group_for
from worker.economic.mapping.vat_zones import zone_for
from worker.economic.mapping.voucher_payload import open_journal
from worker.economic.mapping.voucher_postings import ledger_account, named_accounts, vat_code
from worker.errors import InvalidInvoice

#: Of an export's entry: what names it, and what changes nothing in what is posted.
_NOT_COMPARED = {"name", "grant_token", "app_secret_token", "agreement", "limits", "app_public_token", "grant_url"}

#: Names of things that invoices need, each with what the master data have; None: missing, ambiguous or not usable.
Needs = Iterator[tuple[str, object]]


def set_up(export: ExportConfig) -> Mapping[str, Any]:
    """Return the export's entry in the exports file as JSON values, without its tokens."""
    return export.model_dump(mode="json", exclude=_NOT_COMPARED)


def preconditions(invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData) -> Mapping[str, Any]:
    """Return everything in e-conomic that these invoices need, as JSON values; None: missing.

    ``master_data`` must cover their sales accounts.
    """
    needs: Mapping[str, Any] = to_jsonable_python(dict(_needs(invoices, export, master_data)))
    return needs


def _found(find: Callable[..., object], *arguments: object) -> object:
    try:
        return find(*arguments)
    except InvalidInvoice:
        return None


def _needs(invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData) -> Needs:
    yield "the defaults of new customers", _found(_usable, check_defaults, export, master_data)
    layouts = {export.for_type(invoice.invoice_type).invoice_layout for invoice in invoices}
    for layout in sorted({export.customers.layout, *layouts}):
        yield f"layout {layout}", master_data.layouts.get(layout)
    for code in sorted({invoice.currency for invoice in invoices}):
        yield f"currency {code}", code if code in master_data.currencies else None
    for zone in sorted({zone_for(invoice.customer, invoice.lines, export.vat) for invoice in invoices}):
        yield f"VAT zone {zone}", master_data.vat_zones.get(zone)
    months = {f"{invoice.invoice_date:%Y-%m}": invoice.invoice_date for invoice in invoices}
    for month, day in sorted(months.items()):
        yield f"the books of {month}", _found(_year, day, master_data)
    agreed = [invoice.payment_condition for invoice in invoices]
    conditions = {condition.name or str(condition.days): condition for condition in agreed}
    known, names = master_data.payment_terms, export.codes.payment_conditions
    for name, condition in sorted(conditions.items()):
        yield f"payment terms for {name!r}", _found(dates.choose_terms, condition, known, names)
    yield from (_voucher_needs if export.method == "voucher" else _group_needs)(invoices, export, master_data)


def _group_needs(invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData) -> Needs:
    for account in sorted(sales_accounts(invoices)):
        yield f"product group for sales account {account}", _found(_group, account, export, master_data)


def _voucher_needs(invoices: Sequence[Invoice], export: ExportConfig, master_data: MasterData) -> Needs:
    journals = {own.journal: own for own in (export.for_type(invoice.invoice_type) for invoice in invoices)}
    for number, own in sorted(journals.items()):
        yield f"journal {number}", _found(open_journal, own, master_data)
    yield "clearing and rounding account", _found(_usable, named_accounts, export, master_data)
    for account in sorted(sales_accounts(invoices)):
        yield f"account for sales account {account}", _found(ledger_account, account, export, master_data)
    lines = {line.vat_code: line for invoice in invoices for line in invoice.lines}
    for code, line in sorted(lines.items()):
        yield f"VAT code for {code or 'lines without one'}", _found(_vat, line, export, master_data)


def _year(day: date, master_data: MasterData) -> str:
    return year_of(day, master_data.years).year


def _group(account: str, export: ExportConfig, master_data: MasterData) -> Mapping[str, object]:
    group = group_for(account, export.codes.sales_accounts, master_data.groups)
    codes = {zone.vat_code for zone in group.accounts}
    return {
        "group": group,
        "product": choose(account, group, master_data.products),
        "vatAccounts": [vat for vat in master_data.vat_accounts if vat.code in codes],
    }


def _vat(line: Line, export: ExportConfig, master_data: MasterData) -> object:
    return vat_code(line, export, master_data) or "no VAT"


def _usable(check: Callable[[ExportConfig, MasterData], None], export: ExportConfig, master_data: MasterData) -> str:
    check(export, master_data)
    return "usable"
