"""What the voucher method needs of an agreement, item by item, before an invoice asks for it."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeAlias

from config.exports import Export
from worker.invoicing.reference import ReferenceData
from worker.invoicing.vouchers.mapping import ledger_account, open_journal, usable_account

#: What is looked at, what is found when all is well, and the check; it raises ``InvalidInvoice``.
Item: TypeAlias = tuple[str, str, Callable[[], object]]


def setup_items(export: Export, reference: ReferenceData, sales_accounts: Iterable[str]) -> Iterator[Item]:
    """Yield journals, accounts in between, and the account of every sales account."""
    names = {one.number: f"{one.number} {one.name}" for one in reference.journals}
    yield "Journal", names.get(export.journal, ""), partial(open_journal, export, reference)
    for name, rules in export.types.items():
        if rules.journal:
            own = export.for_type(name)
            yield f"Journal (types.{name}.journal)", names.get(own.journal, ""), partial(open_journal, own, reference)
    for item, field in (("Clearing account", "clearing_account"), ("Rounding account", "rounding_account")):
        number = getattr(export.voucher, field)
        if number is not None:
            ask = partial(usable_account, number, reference, field=f"voucher.{field}")
            yield item, _named(number, reference), ask
    if export.voucher.layout == "one-post" and export.voucher.clearing_account is None:
        yield "Clearing account", "none: only invoices with one sales account and VAT code can be posted", lambda: None
    for account in sales_accounts:
        number = export.codes.ledger_accounts.get(account, account)
        yield f"Sales account {account}", _named(number, reference), partial(ledger_account, account, export, reference)


def _named(number: int | str, reference: ReferenceData) -> str:
    name = next((one.name for one in reference.accounts if str(one.number) == str(number)), "")
    return f"account {number} {name}".rstrip()
