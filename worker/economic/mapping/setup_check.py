"""The check of an export's set-up against its agreement, before the first invoice: everything that one will need."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.economic.mapping import dates
from worker.economic.mapping.customer_payload import check_defaults
from worker.economic.mapping.dates import year_of
from worker.economic.mapping.master_data import MasterData, ProductGroup
from worker.economic.mapping.period_check import check_against_agreement, sales_accounts
from worker.economic.mapping.products import choose, group_for, percent
from worker.economic.mapping.vat_zones import Zone, check_zone
from worker.economic.mapping.voucher_payload import open_journal
from worker.economic.mapping.voucher_postings import ledger_account, usable_account
from worker.errors import Failure, InvalidInvoice


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing checked."""

    #: What was checked, in a few words.
    item: str
    #: Whether it is as it must be.
    ok: bool
    #: What was found.
    found: str
    #: What a person does about it; empty when all is well.
    next_step: str = ""
    #: For what an invoice would be refused, and with which value or invoices; empty: it is no such check.
    reason: str = ""
    about: str = ""


def check_setup(
    export: ExportConfig, master_data: MasterData, invoices: Sequence[Invoice], *, today: date
) -> tuple[Check, ...]:
    """Return everything that was checked, in the order in which a person would set it up.

    ``master_data`` must cover the sales accounts of ``invoices`` and of ``codes.sales_accounts``; the invoices are
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
    own = {"layout": export.layout} | {f"types.{name}.layout": rules.layout for name, rules in export.types.items()}
    for place, layout in own.items():
        if layout:
            yield _present(f"Layout ({place})", layout, master_data.layouts, f"Set {place} to an existing layout.")
    if ours.currency not in master_data.currencies:
        step = "Add the currency in e-conomic, or set customers.currency to one that is there."
        yield Check(item="Currency of new customers", ok=False, found=f"{ours.currency} does not exist", next_step=step)


def _zones(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    for zone in Zone:
        number = zone.number(export.vat)
        found = f"{number} {master_data.vat_zones.get(number, '')}"
        yield _check(f"VAT zone, {zone.label}", found, partial(check_zone, number, master_data))


def _codes(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    for ours, theirs in export.codes.payment_conditions.items():
        item = f"Payment condition {ours!r}"
        yield _check(item, theirs, partial(dates.terms_named, theirs, master_data.payment_terms))
    usable = {account.code: percent(account.rate) for account in master_data.vat_accounts if not account.barred}
    step = "Correct codes.tax_rates, or create or open the VAT account in e-conomic."
    for ours, code in export.codes.tax_rates.items():
        if code:  # an empty text stands for no VAT code
            yield _present(f"Tax rate {ours!r}", code, usable, step)


def _method(export: ExportConfig, master_data: MasterData, invoices: Sequence[Invoice]) -> Iterator[Check]:
    """Check what the sales accounts lead to: product groups, or the accounts themselves."""
    used = sales_accounts(invoices)
    if export.method == "voucher":
        yield from _journals(export, master_data)
        yield from _accounts(export, master_data, sorted(used | export.codes.ledger_accounts.keys()))
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
    """Only the domestic zone must be there: whether others are needed depends on the invoices."""
    codes = {account.code for account in master_data.vat_accounts if not account.barred}
    usable = (account for account in group.accounts if not account.vat_code or account.vat_code in codes)
    zones = {account.zone for account in usable if not account.barred}
    found = f"group {group.number} {group.name}, product {product}, VAT zones {', '.join(map(str, sorted(zones)))}"
    if export.vat.domestic in zones:
        return Check(item=item, ok=True, found=found)
    step = "Choose an open sales account with a usable VAT code for the domestic zone on the product group."
    return Check(item=item, ok=False, found=f"{found or 'no VAT zones'}: not the domestic one", next_step=step)


def _journals(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    names = {journal.number: f"{journal.number} {journal.name}" for journal in master_data.journals}
    yield _check("Journal", names.get(export.journal, ""), partial(open_journal, export, master_data))
    for name, rules in export.types.items():
        if rules.journal:
            own = export.for_type(name)
            item = f"Journal (types.{name}.journal)"
            yield _check(item, names.get(own.journal, ""), partial(open_journal, own, master_data))


def _accounts(export: ExportConfig, master_data: MasterData, sales_accounts: Iterable[str]) -> Iterator[Check]:
    names = {account.number: account.name for account in master_data.accounts}
    for item, field in (("Clearing account", "clearing_account"), ("Rounding account", "rounding_account")):
        number = getattr(export.voucher, field)
        if number is not None:
            found = f"account {number} {names.get(number, '')}"
            yield _check(item, found, partial(usable_account, number, master_data, field=f"voucher.{field}"))
    if export.voucher.layout == "one-post" and export.voucher.clearing_account is None:
        found = "none: only invoices with one sales account and VAT code can be posted"
        yield Check(item="Clearing account", ok=True, found=found)
    for account in sales_accounts:
        number = export.codes.ledger_accounts.get(account, account)
        found = f"account {number} {names.get(int(number), '') if str(number).isdecimal() else ''}"
        yield _check(f"Sales account {account}", found, partial(ledger_account, account, export, master_data))


def _bars(export: ExportConfig, master_data: MasterData) -> Iterator[Check]:
    """Remark, without failing the check: a bar that cannot be read shows when e-conomic refuses an invoice."""
    if export.read_barred_periods and master_data.bars_unknown:
        step = "Give the app the role Bookkeeping or SuperUser, or take read_barred_periods out of the exports file."
        found = "cannot be read with these tokens; invoices in one are refused by e-conomic, one by one"
        yield Check(item="Barred periods", ok=True, found=found, next_step=step)
    elif export.read_barred_periods:
        barred = [period for year in master_data.years for period in year.periods if period.barred]
        found = ", ".join(f"{period.first:%Y-%m}" for period in barred) or "none"
        yield Check(item="Barred periods", ok=True, found=found)


def _samples(export: ExportConfig, master_data: MasterData, invoices: Sequence[Invoice]) -> Iterator[Check]:
    """Report each different failure once, with how many invoices have it."""
    failing: dict[tuple[str, str], list[tuple[Failure, Invoice]]] = {}
    for invoice in invoices:
        for failure in check_against_agreement(invoice, export, master_data):
            failing.setdefault((failure.reason, failure.value), []).append((failure, invoice))
    if invoices and not failing:
        yield Check(item="Sample invoices", ok=True, found=f"all {len(invoices)} would pass the check of a period")
    for same in failing.values():
        first = same[0][0]
        numbers = ", ".join(str(invoice.invoice_number) for _, invoice in same[:5]) + ", ..." * (len(same) > 5)  # noqa: PLR2004  # a few are enough to find them
        found = f"{first.description} ({len(same)} of {len(invoices)}: {numbers})"
        about = f"{first.value} ({numbers})".strip()
        yield Check(
            item="Sample invoices",
            ok=False,
            found=found,
            next_step=first.next_step,
            reason=first.reason,
            about=about,
        )


def _present(item: str, key: str | int, known: Mapping[Any, str], step: str) -> Check:
    if key in known:
        return Check(item=item, ok=True, found=f"{key} {known[key]}")
    there = ", ".join(f"{number} {name}" for number, name in sorted(known.items())) or "none"
    return Check(item=item, ok=False, found=f"{key} does not exist; there are: {there}", next_step=step)


def _check(item: str, found: str, check: Callable[[], object]) -> Check:
    try:
        check()
    except InvalidInvoice as refusal:
        return _refused(item, refusal)
    return Check(item=item, ok=True, found=found.strip())


def _refused(item: str, refusal: InvalidInvoice) -> Check:
    failure = refusal.failure
    return Check(
        item=item,
        ok=False,
        found=failure.description,
        next_step=failure.next_step,
        reason=failure.reason,
        about=failure.value,
    )
