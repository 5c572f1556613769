"""What the voucher method needs of an agreement, item by item, before an invoice asks for it."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from config.exports import ExportConfig
from worker.domain.invoice import Line
from worker.domain.money import ZERO
from worker.domain.reasons import ReasonCode, failure
from worker.economic.mapping.master_data import Account, Journal, MasterData, VatAccount
from worker.economic.mapping.reasons import VoucherReason
from worker.errors import InvalidInvoice

#: Accounts that entries can be made on; the others are headings, totals and sums of them.
_POSTABLE = ("profitAndLoss", "status")
#: The one kind of entry that the layout ``per-account`` consists of (``entryTypeRestrictedTo``; spelling inferred).
_CUSTOMER_ENTRIES = "manualCustomerInvoice"


def vat_code(line: Line, export: ExportConfig, master_data: MasterData) -> VatAccount | None:
    """Return the VAT code to post a line with; None: without one. Raises ``InvalidInvoice``.

    A line without VAT and without Opter code needs no pairing; every other code does, if only with an empty text.
    """
    paired = export.codes.tax_rates.get(line.vat_code)
    if paired is None and (line.vat_code or line.vat_rate != ZERO):
        text = f"Opter's VAT code {line.vat_code or '(none)'} is not paired with one of e-conomic's."
        raise _refused(VoucherReason.VAT_CODE_UNPAIRED, text, "lines.vatCode", line.vat_code or "(none)")
    found = _vat_account(paired, master_data) if paired else None
    rate = found.rate if found else ZERO
    if rate != line.vat_rate:
        theirs = f"e-conomic's {found.code} with {_percent(rate)}" if found else "no VAT code of e-conomic"
        text = (
            f"Opter's VAT code {line.vat_code or '(none)'} stands for {_percent(line.vat_rate)}; it goes to {theirs}."
        )
        value = f"{line.vat_code or '(none)'} = {found.code if found else 'none'}"
        raise _refused(VoucherReason.VAT_RATE_DIFFERS, text, "lines.vatRate", value)
    return found


def ledger_account(sales_account: str, export: ExportConfig, master_data: MasterData) -> int:
    """Return the account that revenue goes to: as mapped, else the one numbered like Opter's sales account.

    Raises ``InvalidInvoice``; a name is never taken for an account's, as names change.
    """
    number = export.codes.ledger_accounts.get(sales_account)
    if number is None and not (sales_account.isascii() and sales_account.isdigit()):
        text = f"Opter's sales account {sales_account!r} is a name, and is not mapped to an account number."
        raise _refused(VoucherReason.LEDGER_ACCOUNT_MISSING, text, "lines.salesAccount", sales_account)
    wanted = int(sales_account) if number is None else number
    return usable_account(wanted, master_data, field="lines.salesAccount").number


def usable_account(number: int, master_data: MasterData, *, field: str) -> Account:
    """Return an account that entries can be made on. Raises ``InvalidInvoice``."""
    account = next((one for one in master_data.accounts if one.number == number), None)
    if account is None:
        text = f"Account {number} does not exist in e-conomic."
        raise _refused(VoucherReason.LEDGER_ACCOUNT_MISSING, text, field, str(number))
    wrong = _unusable(account)
    if wrong:
        text = f"Account {number} {account.name} {wrong} in e-conomic."
        raise _refused(VoucherReason.LEDGER_ACCOUNT_UNUSABLE, text, field, str(number))
    return account


def open_journal(export: ExportConfig, master_data: MasterData) -> Journal:
    """Return the journal that vouchers go to. Raises ``InvalidInvoice``."""
    journal = next((one for one in master_data.journals if one.number == export.journal), None)
    if journal is None:
        known = ", ".join(f"{one.number} {one.name}" for one in master_data.journals)
        text = f"Journal {export.journal} does not exist in e-conomic, which has: {known or 'none'}."
        raise _refused(VoucherReason.JOURNAL_MISSING, text, "journal", str(export.journal))
    fits = export.voucher.layout == "per-account" and journal.restricted_to == _CUSTOMER_ENTRIES
    if journal.restricted_to and not fits:
        text = f"Journal {journal.number} {journal.name} takes {journal.restricted_to} entries only."
        raise _refused(VoucherReason.JOURNAL_RESTRICTED, text, "journal", str(journal.number))
    return journal


def named_accounts(export: ExportConfig, master_data: MasterData) -> None:
    """Check the clearing and rounding account, where the exports file names them. Raises ``InvalidInvoice``."""
    for field in ("clearing_account", "rounding_account"):
        number = getattr(export.voucher, field)
        if number is not None:
            usable_account(number, master_data, field=f"voucher.{field}")


def _vat_account(code: str, master_data: MasterData) -> VatAccount:
    found = next((one for one in master_data.vat_accounts if one.code == code), None)
    wrong = _unusable_code(found)
    if found is None or wrong:
        raise _refused(VoucherReason.VAT_CODE_UNUSABLE, f"VAT code {code} {wrong} in e-conomic.", "lines.vatCode", code)
    return found


def _unusable_code(found: VatAccount | None) -> str:
    if found is None:
        return "does not exist"
    if found.purchase:
        return "is for purchases, not for sales,"
    return "is barred" if found.barred else ""


def _unusable(account: Account) -> str:
    if account.kind not in _POSTABLE:
        return f"is of type {account.kind}, which takes no entries,"
    if account.barred:
        return "is barred"
    return "is blocked for direct entries" if account.blocked else ""


def _refused(reason: ReasonCode, text: str, field: str, value: str) -> InvalidInvoice:
    return InvalidInvoice(failure(reason, text, field=field, value=value))


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %"


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
