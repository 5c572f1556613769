"""The source against the vouchers in e-conomic: one per invoice, right by account and VAT code, with its PDF. Pure."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from rich.console import RenderableType
from rich.text import Text

from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.local.demo.comparison import (
    Amounts,
    Comparison,
    Rule,
    currency_sums,
    doubled_customers,
    money,
    nothing_ignored,
    table,
    times_differ,
)

#: (account, VAT code, currency) -> (net, VAT); nothing that is zero.
Accounts: TypeAlias = Mapping[tuple[int, str, str], tuple[Decimal, Decimal]]

#: Kinds of entry in the API's spelling.
_CUSTOMER, _FINANCE = "manualCustomerInvoices", "financeVouchers"
#: The reference at the end of an entry's text: ``[main-100353]``.
_REFERENCE = re.compile(r"\[([a-z][A-Za-z0-9-]*-[1-9][0-9]*)\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class VoucherSetup:
    """How the export posts."""

    #: Name of the export, the beginning of our references.
    export: str
    journal: int
    #: The account between customer and revenue.
    clearing: int
    #: Opter's VAT code -> e-conomic's.
    tax_rates: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Revenue:
    """What a voucher posts on one account under one VAT code; positive is revenue."""

    account: int
    #: Empty: no VAT code.
    code: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenPost:
    """What a customer owes by a voucher."""

    #: Invoice number; None when e-conomic did not read it.
    invoice: int | None
    due: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Voucher:
    """One voucher as a bookkeeper reads it."""

    #: ``journal-year-number``.
    key: str
    journal: int
    #: Our reference, from the entry's text; ``?`` when there is none.
    document_reference: str
    currency: str
    posts: tuple[OpenPost, ...]
    revenue: tuple[Revenue, ...]
    #: What is left on the clearing account, in the voucher's currency, and after e-conomic's conversion.
    clearing: Decimal
    clearing_in_base: Decimal
    #: SHA-256 of each attached file.
    files: tuple[str, ...]


def compare_vouchers(
    source: Sequence[Invoice], state: Mapping[str, Any], setup: VoucherSetup, *, findings: Sequence[str]
) -> Comparison:
    """Compare what Opter sent last with every voucher that waits in a journal of the sandbox's agreement."""
    vouchers = _vouchers(state, setup.clearing)
    ours, theirs = _due(source, setup.tax_rates), _credited(vouchers)
    return Comparison(
        sums=currency_sums(source, [_amounts(voucher) for voucher in vouchers]),
        details=(Text(), _by_account(ours, theirs), Text(_converted(vouchers, setup.clearing))),
        rules=(
            *_all_rules(source, vouchers, setup),
            doubled_customers(state["customers"]),
            Rule(what="nothing was booked past the journal", wrong=_other_documents(state)),
            nothing_ignored(findings),
        ),
    )


def _all_rules(source: Sequence[Invoice], vouchers: Sequence[Voucher], setup: VoucherSetup) -> Iterator[Rule]:
    expected = (f"{setup.export}-{invoice.invoice_number} in journal {setup.journal}" for invoice in source)
    present = (f"{voucher.document_reference} in journal {voucher.journal}" for voucher in vouchers)
    yield Rule(what=f"every invoice is one voucher in journal {setup.journal}", wrong=times_differ(expected, present))
    by_reference = {voucher.document_reference: voucher for voucher in vouchers}
    pairs = [
        (invoice, voucher)
        for invoice in source
        if (voucher := by_reference.get(f"{setup.export}-{invoice.invoice_number}"))
    ]
    for what, holds in _rules(setup):
        wrong = (str(invoice.invoice_number) for invoice, voucher in pairs if not holds(invoice, voucher))
        yield Rule(what=what, wrong=tuple(wrong))
    unbalanced = tuple(voucher.key for voucher in vouchers if voucher.clearing)
    yield Rule(what=f"clearing account {setup.clearing} ends at zero with every voucher", wrong=unbalanced)


def _rules(setup: VoucherSetup) -> Iterator[tuple[str, Callable[[Invoice, Voucher], bool]]]:
    """Yield what must hold of every invoice and its voucher."""
    yield (
        "one open post each: Opter's gross amount, number and due date",
        lambda invoice, voucher: voucher.currency == invoice.currency and voucher.posts == (_open_post(invoice),),
    )
    yield (
        "revenue and VAT equal the source to the øre, by account and VAT code",
        lambda invoice, voucher: _due([invoice], setup.tax_rates) == _credited([voucher]),
    )
    yield (
        "every printed invoice is attached, once and unchanged",
        lambda invoice, voucher: invoice.pdf is not None and voucher.files == (invoice.pdf.sha256,),
    )


def _open_post(invoice: Invoice) -> OpenPost:
    return OpenPost(invoice=invoice.invoice_number, due=invoice.due_date.isoformat(), amount=invoice.gross)


def _due(source: Sequence[Invoice], tax_rates: Mapping[str, str]) -> Accounts:
    return _added(
        ((int(line.sales_account), tax_rates[line.vat_code], invoice.currency), line.net, line.vat)
        for invoice in source
        for line in invoice.lines
    )


def _credited(vouchers: Sequence[Voucher]) -> Accounts:
    return _added(
        ((revenue.account, revenue.code, voucher.currency), revenue.net, revenue.vat)
        for voucher in vouchers
        for revenue in voucher.revenue
    )


def _added(rows: Iterable[tuple[tuple[int, str, str], Decimal, Decimal]]) -> Accounts:
    sums: dict[tuple[int, str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for key, net, vat in rows:
        sums[key] = (sums[key][0] + net, sums[key][1] + vat)
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


def _amounts(voucher: Voucher) -> Amounts:
    return Amounts(
        currency=voucher.currency,
        net=sum((revenue.net for revenue in voucher.revenue), ZERO),
        vat=sum((revenue.vat for revenue in voucher.revenue), ZERO),
        gross=sum((post.amount for post in voucher.posts), ZERO),
    )


def _by_account(ours: Accounts, theirs: Accounts) -> RenderableType:
    columns = ("Net", "VAT")
    accounts = table("Account", "VAT code", "Currency", *columns, "", numbers=columns)
    nothing = (ZERO, ZERO)
    for key in sorted(ours.keys() | theirs.keys()):
        source, present = ours.get(key, nothing), theirs.get(key, nothing)
        opter = " and ".join(map(money, source))
        remark = Text("as in Opter", "good") if source == present else Text(f"Opter: {opter}", "bad")
        accounts.add_row(str(key[0]), *key[1:], *map(money, present), remark)
    return accounts


def _converted(vouchers: Sequence[Voucher], clearing: int) -> str:
    """Return what conversion leaves on the clearing account: each entry is converted, and rounded, by itself."""
    left = sum((voucher.clearing_in_base for voucher in vouchers), ZERO)
    text = f"{money(left)} DKK are left on {clearing} by entries in other currencies"
    return f"\n{text}, each converted by itself." if left else ""


def _other_documents(state: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{kind} {key}" for kind in ("drafts", "booked") for key in state[kind])


def _vouchers(state: Mapping[str, Any], clearing: int) -> list[Voucher]:
    """Return every voucher that waits in a journal of the agreement."""
    files = {key: tuple(file["sha256"] for file in attached) for key, attached in state["attachments"].items()}
    return [_voucher(key, voucher, clearing, files.get(key, ())) for key, voucher in state["vouchers"].items()]


def _voucher(key: str, voucher: Mapping[str, Any], clearing: int, files: tuple[str, ...]) -> Voucher:
    entries = [(kind, entry) for kind in (_CUSTOMER, _FINANCE) for entry in voucher["entries"].get(kind, ())]
    first = entries[0][1]
    references = _REFERENCE.findall(first.get("text", ""))
    clearing_entries = [entry for _, entry in entries if entry["contraAccount"]["accountNumber"] == clearing]
    return Voucher(
        key=key,
        journal=voucher["journal"]["journalNumber"],
        document_reference=references[-1] if references else "?",
        currency=first["currency"]["code"],
        posts=tuple(
            OpenPost(invoice=entry.get("customerInvoice"), due=entry["dueDate"], amount=_money(entry, "amount"))
            for kind, entry in entries
            if kind == _CUSTOMER
        ),
        revenue=tuple(revenue for kind, entry in entries for revenue in _revenue(kind, entry, clearing)),
        clearing=sum((-_money(entry, "amount") for entry in clearing_entries), ZERO),
        clearing_in_base=sum((-_money(entry, "amountBaseCurrency") for entry in clearing_entries), ZERO),
        files=files,
    )


def _revenue(kind: str, entry: Mapping[str, Any], clearing: int) -> Iterator[Revenue]:
    """A finance entry's account is credited by a negative amount, a customer entry's contra account by a positive."""
    side, vat, sign = ("account", "vat", -1) if kind == _FINANCE else ("contraAccount", "contraVat", 1)
    account = entry[side]["accountNumber"]
    if account == clearing:
        return
    tax = -_money(entry, f"{vat}Amount")
    code = entry.get(f"{vat}Account", {}).get("vatCode", "")
    yield Revenue(account=account, code=code, net=sign * _money(entry, "amount") - tax, vat=tax)


def _money(entry: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount; what was parsed from JSON without decimals is no Decimal yet."""
    return Decimal(entry.get(name, 0))
