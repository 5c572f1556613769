"""Is every invoice one voucher in e-conomic, right by account and VAT code, with its PDF? Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import table
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.local.demo.comparison import (
    Amounts,
    Comparison,
    Rule,
    currency_sums,
    doubled_customers,
    nothing_ignored,
    times_differ,
)
from worker.local.demo.sandbox_state import Post, Posted, posted

#: (account, VAT code, currency) -> (net, VAT); nothing that is zero.
Accounts: TypeAlias = Mapping[tuple[int, str, str], tuple[Decimal, Decimal]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """How the export posts."""

    #: Name of the export, the beginning of our references.
    export: str
    journal: int
    #: The account between customer and revenue.
    clearing: int
    #: Opter's VAT code -> e-conomic's.
    tax_rates: Mapping[str, str]


def reconcile_vouchers(
    source: Sequence[Invoice], state: Mapping[str, Any], how: Posting, *, findings: Sequence[str]
) -> Comparison:
    """Compare what Opter sent last with every voucher that waits in a journal of the sandbox's agreement."""
    there = posted(state, how.clearing)
    ours, theirs = _due(source, how.tax_rates), _credited(there)
    return Comparison(
        sums=currency_sums(source, [_amounts(one) for one in there]),
        details=(Text(), _by_account(ours, theirs), Text(_converted(there, how.clearing))),
        rules=(
            *_all_rules(source, there, how),
            doubled_customers(state["customers"]),
            Rule(what="nothing was booked past the journal", wrong=_other_documents(state)),
            nothing_ignored(findings),
        ),
    )


def _all_rules(source: Sequence[Invoice], there: Sequence[Posted], how: Posting) -> Iterator[Rule]:
    wanted = (f"{how.export}-{one.invoice_number} in journal {how.journal}" for one in source)
    once = times_differ(wanted, (f"{one.document_reference} in journal {one.journal}" for one in there))
    yield Rule(what=f"every invoice is one voucher in journal {how.journal}", wrong=once)
    by_reference = {one.document_reference: one for one in there}
    known = ((one, by_reference.get(f"{how.export}-{one.invoice_number}")) for one in source)
    pairs = [(mine, found) for mine, found in known if found is not None]
    for what, holds in _rules(how):
        yield Rule(what=what, wrong=tuple(str(one.invoice_number) for one, found in pairs if not holds(one, found)))
    left = tuple(one.key for one in there if one.clearing)
    yield Rule(what=f"clearing account {how.clearing} ends at zero with every voucher", wrong=left)


def _rules(how: Posting) -> Iterator[tuple[str, Callable[[Invoice, Posted], bool]]]:
    """Yield what must hold of every invoice and its voucher."""
    yield (
        "one open post each: Opter's gross amount, number and due date",
        lambda mine, found: (
            found.currency == mine.currency
            and found.posts == (Post(invoice=mine.invoice_number, due=mine.due_date.isoformat(), amount=mine.gross),)
        ),
    )
    yield (
        "revenue and VAT equal the source to the øre, by account and VAT code",
        lambda mine, found: _due([mine], how.tax_rates) == _credited([found]),
    )
    yield (
        "every printed invoice is attached, once and unchanged",
        lambda mine, found: mine.pdf is not None and found.files == (mine.pdf.sha256,),
    )


def _due(source: Sequence[Invoice], tax_rates: Mapping[str, str]) -> Accounts:
    return _added(
        ((int(line.sales_account), tax_rates[line.vat_code], one.currency), line.net, line.vat)
        for one in source
        for line in one.lines
    )


def _credited(there: Sequence[Posted]) -> Accounts:
    return _added(
        ((each.account, each.code, one.currency), each.net, each.vat) for one in there for each in one.revenue
    )


def _added(rows: Iterable[tuple[tuple[int, str, str], Decimal, Decimal]]) -> Accounts:
    sums: dict[tuple[int, str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for key, net, vat in rows:
        sums[key] = (sums[key][0] + net, sums[key][1] + vat)
    return {key: both for key, both in sums.items() if any(both)}


def _amounts(one: Posted) -> Amounts:
    return Amounts(
        currency=one.currency,
        net=sum((each.net for each in one.revenue), ZERO),
        vat=sum((each.vat for each in one.revenue), ZERO),
        gross=sum((each.amount for each in one.posts), ZERO),
    )


def _by_account(ours: Accounts, theirs: Accounts) -> RenderableType:
    columns = ("Net", "VAT")
    made = table("Account", "VAT code", "Currency", *columns, "", numbers=columns)
    nothing = (ZERO, ZERO)
    for key in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(key, nothing), theirs.get(key, nothing)
        said = " and ".join(map(formatting.money, mine))
        told = Text("as in Opter", "good") if mine == other else Text(f"Opter: {said}", "bad")
        made.add_row(str(key[0]), *key[1:], *map(formatting.money, other), told)
    return made


def _converted(there: Sequence[Posted], clearing: int) -> str:
    """Return what conversion leaves on the clearing account: each entry is converted, and rounded, by itself."""
    left = sum((one.clearing_in_base for one in there), ZERO)
    text = f"{formatting.money(left)} DKK are left on {clearing} by entries in other currencies"
    return f"\n{text}, each converted by itself." if left else ""


def _other_documents(state: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{kind} {key}" for kind in ("drafts", "booked") for key in state[kind])
