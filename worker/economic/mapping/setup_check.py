"""An export's set-up against its agreement: everything that an invoice will need, asked before the first one comes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.economic.mapping import payment_terms
from worker.economic.mapping.accounting_years import year_of
from worker.economic.mapping.customer_payload import check_defaults
from worker.economic.mapping.master_data import MasterData, ProductGroup
from worker.economic.mapping.period_check import check_against_agreement, sales_accounts
from worker.economic.mapping.products import choose, group_for
from worker.economic.mapping.vat_zones import check_zone
from worker.economic.mapping.voucher_accounts import setup_items
from worker.errors import InvalidInvoice


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing looked at."""

    #: What was looked at, in a few words.
    item: str
    #: Whether it is as it must be.
    ok: bool
    #: What was found.
    found: str
    #: What a person does about it; empty when all is well.
    next_step: str = ""


def check_setup(
    export: ExportConfig, master_data: MasterData, invoices: Sequence[Invoice], *, today: date
) -> tuple[Check, ...]:
    """Return everything that was looked at, in the order in which a person would set it up.

    ``reference`` must cover the sales accounts of ``invoices`` and of ``codes.sales_accounts``; the invoices are
    samples, checked as a period would be.
    """
    return (
        _agreement(export, master_data),
        *_defaults(export, master_data),
        *_zones(export, master_data),
        *_codes(export, master_data),
        *_method(export, master_data, invoices),
        _check("Accounting year", f"open for entries on {today}", lambda: year_of(today, master_data.years)),
        *_bars(export, master_data),
        *_samples(export, master_data, invoices),
    )


def _agreement(export: ExportConfig, master_data: MasterData) -> Check:
    found = f"{master_data.agreement}, base currency {master_data.base_currency}"
    if export.agreement is None:
        found += f" (write `agreement = {master_data.agreement}` into the exports file to pin it)"
    return Check(item="Agreement", ok=True, found=found)


def _defaults(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    ours = export.customers
    group = f"customer group {ours.group} {master_data.customer_groups.get(ours.group, '')}"
    named = f", payment terms {ours.payment_terms!r}" if ours.payment_terms else ""
    yield _check("New customers", f"{group}{named}", lambda: check_defaults(export, master_data))
    yield _present("Layout", ours.layout, master_data.layouts, "Set customers.layout to an existing layout.")
    for place, layout in _own_layouts(export):
        yield _present(f"Layout ({place})", layout, master_data.layouts, f"Set {place} to an existing layout.")
    if ours.currency not in master_data.currencies:
        step = "Add the currency in e-conomic, or set customers.currency to one that is there."
        yield Check(item="Currency of new customers", ok=False, found=f"{ours.currency} does not exist", next_step=step)


def _own_layouts(export: ExportConfig) -> Iterator[tuple[str, int]]:
    told = {"layout": export.layout} | {f"types.{name}.layout": rules.layout for name, rules in export.types.items()}
    yield from ((place, layout) for place, layout in told.items() if layout)


def _zones(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    rules = export.vat
    for name, zone in (
        ("domestic", rules.domestic),
        ("EU", rules.eu),
        ("abroad", rules.abroad),
        ("domestic exempt", rules.domestic_exempt),
    ):
        found = f"{zone} {master_data.vat_zones.get(zone, '')}"
        yield _check(f"VAT zone, {name}", found, partial(check_zone, zone, master_data))


def _codes(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    for ours, theirs in export.codes.payment_conditions.items():
        item = f"Payment condition {ours!r}"
        yield _check(item, theirs, partial(payment_terms.named, theirs, master_data.payment_terms))
    usable = {one.code: f"{one.rate.normalize():f} %" for one in master_data.vat_accounts if not one.barred}
    step = "Correct codes.tax_rates, or create or open the VAT account in e-conomic."
    for ours, code in export.codes.tax_rates.items():
        if code:  # an empty text stands for no VAT code
            yield _present(f"Tax rate {ours!r}", code, usable, step)


def _method(export: ExportConfig, master_data: MasterData, invoices: Sequence[Invoice]) -> Iterator[Check]:
    """Look at what the sales accounts lead to: product groups, or the accounts themselves."""
    used = sales_accounts(invoices)
    if export.method == "voucher":
        for item, found, ask in setup_items(export, master_data, sorted(used | export.codes.ledger_accounts.keys())):
            yield _check(item, found, ask)
    else:
        for account in sorted(used | export.codes.sales_accounts.keys()):
            yield from _sales_account(account, export, master_data)


def _sales_account(account: str, export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    item = f"Sales account {account}"
    try:
        group = group_for(account, export.codes.sales_accounts, master_data.groups)
        product = choose(account, group, master_data.products)
    except InvalidInvoice as refusal:
        yield _refused(item, refusal)
        return
    yield _usable_accounts(item, group, master_data, export, product or "to be created")


def _usable_accounts(
    item: str, group: ProductGroup, master_data: MasterData, export: ExportConfig, product: str
) -> Check:
    """Only the domestic zone must be there: whether others are needed, invoices tell."""
    codes = {one.code for one in master_data.vat_accounts if not one.barred}
    zones = {one.zone for one in group.accounts if not one.barred and (not one.vat_code or one.vat_code in codes)}
    found = f"group {group.number} {group.name}, product {product}, VAT zones {', '.join(map(str, sorted(zones)))}"
    if export.vat.domestic in zones:
        return Check(item=item, ok=True, found=found)
    step = "Choose an open sales account with a usable VAT code for the domestic zone on the product group."
    return Check(item=item, ok=False, found=f"{found or 'no VAT zones'}: not the domestic one", next_step=step)


#: What is looked at, what is found when all is well, and the check; it raises ``InvalidInvoice``.
Item: TypeAlias = tuple[str, str, Callable[[], object]]


def setup_items(export: ExportConfig, master_data: MasterData, sales_accounts: Iterable[str]) -> Iterator[Item]:
    """Yield journals, accounts in between, and the account of every sales account."""
    names = {one.number: f"{one.number} {one.name}" for one in master_data.journals}
    yield "Journal", names.get(export.journal, ""), partial(open_journal, export, master_data)
    for name, rules in export.types.items():
        if rules.journal:
            own = export.for_type(name)
            yield f"Journal (types.{name}.journal)", names.get(own.journal, ""), partial(open_journal, own, master_data)
    for item, field in (("Clearing account", "clearing_account"), ("Rounding account", "rounding_account")):
        number = getattr(export.voucher, field)
        if number is not None:
            ask = partial(usable_account, number, master_data, field=f"voucher.{field}")
            yield item, _named(number, master_data), ask
    if export.voucher.layout == "one-post" and export.voucher.clearing_account is None:
        yield "Clearing account", "none: only invoices with one sales account and VAT code can be posted", lambda: None
    for account in sales_accounts:
        number = export.codes.ledger_accounts.get(account, account)
        yield (
            f"Sales account {account}",
            _named(number, master_data),
            partial(ledger_account, account, export, master_data),
        )


def _named(number: int | str, master_data: MasterData) -> str:
    name = next((one.name for one in master_data.accounts if str(one.number) == str(number)), "")
    return f"account {number} {name}".rstrip()


def _bars(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    """A remark, not a fault: without them a bar shows when e-conomic refuses an invoice."""
    if export.read_barred_periods and master_data.bars_unknown:
        step = "Give the app the role Bookkeeping or SuperUser, or take read_barred_periods out of the exports file."
        found = "cannot be read with these tokens; invoices in one are refused by e-conomic, one by one"
        yield Check(item="Barred periods", ok=True, found=found, next_step=step)
    elif export.read_barred_periods:
        barred = [period for year in master_data.years for period in year.periods if period.barred]
        yield Check(item="Barred periods", ok=True, found=", ".join(f"{one.first:%Y-%m}" for one in barred) or "none")


def _samples(export: ExportConfig, master_data: MasterData, invoices: Iterable[Invoice]) -> Iterator[Check]:
    """Tell each different failure once, with how many invoices have it."""
    every = list(invoices)
    failures = [(one, invoice) for invoice in every for one in check_against_agreement(invoice, export, master_data)]
    if every and not failures:
        yield Check(item="Sample invoices", ok=True, found=f"all {len(every)} would pass the check of a period")
    for reason, value in dict.fromkeys((one.reason, one.value) for one, _ in failures):
        same = [(one, invoice) for one, invoice in failures if (one.reason, one.value) == (reason, value)]
        first = same[0][0]
        numbers = ", ".join(str(invoice.invoice_number) for _, invoice in same[:5]) + ", ..." * (len(same) > 5)  # noqa: PLR2004  # a few are enough to find them
        found = f"{first.description} ({len(same)} of {len(every)}: {numbers})"
        yield Check(item="Sample invoices", ok=False, found=found, next_step=first.next_step)


def _present(item: str, key: str | int, known: Mapping[Any, str], step: str) -> Check:
    if key in known:
        return Check(item=item, ok=True, found=f"{key} {known[key]}")
    there = ", ".join(f"{one} {name}" for one, name in sorted(known.items())) or "none"
    return Check(item=item, ok=False, found=f"{key} does not exist; there are: {there}", next_step=step)


def _check(item: str, found: str, ask: Callable[[], object]) -> Check:
    try:
        ask()
    except InvalidInvoice as refusal:
        return _refused(item, refusal)
    return Check(item=item, ok=True, found=found.strip())


def _refused(item: str, refusal: InvalidInvoice) -> Check:
    said = refusal.failure
    return Check(item=item, ok=False, found=said.description, next_step=said.next_step)
