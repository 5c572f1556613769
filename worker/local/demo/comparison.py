"""The source against what e-conomic holds: sums of both sides, rules that must hold; booked invoices. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from worker.domain.invoice import Invoice
from worker.domain.money import ZERO

_AMOUNTS = ("net", "vat", "gross")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that must hold."""

    what: str
    #: What is wrong with it, one entry each; empty when it holds.
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """What one document of e-conomic comes to."""

    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencySum:
    """One currency added up on both sides: net, VAT, gross."""

    currency: str
    invoices: int
    ours: tuple[Decimal, Decimal, Decimal]
    theirs: tuple[Decimal, Decimal, Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Source and e-conomic side by side."""

    sums: tuple[CurrencySum, ...]
    rules: tuple[Rule, ...]
    #: What else is worth a look, below the sums.
    details: tuple[RenderableType, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return not any(rule.wrong for rule in self.rules)


def currency_sums(source: Sequence[Invoice], theirs: Sequence[Amounts]) -> tuple[CurrencySum, ...]:
    """Add up both sides, currency by currency."""
    currencies = sorted({invoice.currency for invoice in source} | {document.currency for document in theirs})
    return tuple(_sum(currency, source, theirs) for currency in currencies)


def times_differ(expected: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    """Return what is there more or less often than it should be, each with how often."""
    want, have = Counter(expected), Counter(present)
    return tuple(f"{key} ({have[key]} times)" for key in sorted(want.keys() | have.keys()) if have[key] != want[key])


def doubled_customers(customers: Mapping[str, Mapping[str, Any]]) -> Rule:
    """Tell which companies have more than one card."""
    cards = Counter(
        customer["corporateIdentificationNumber"]
        for customer in customers.values()
        if customer.get("corporateIdentificationNumber")
    )
    wrong = tuple(f"company {number} ({times} cards)" for number, times in cards.items() if times > 1)
    return Rule(what="no customer was created twice", wrong=wrong)


def nothing_ignored(findings: Sequence[str]) -> Rule:
    """Tell what the sandbox found in our requests."""
    return Rule(what="nothing was sent that the real e-conomic would ignore or refuse", wrong=tuple(findings))


def compare_invoices(
    source: Sequence[Invoice], state: Mapping[str, Any], *, export: str, findings: Sequence[str]
) -> Comparison:
    """Compare what Opter sent last with every booked invoice that the sandbox's agreement holds."""
    booked = state["booked"]
    references = [document.get("references", {}).get("other", "?") for document in booked.values()]
    once = times_differ((f"{export}-{invoice.invoice_number}" for invoice in source), references)
    return Comparison(
        sums=currency_sums(source, [_booked_amounts(document) for document in booked.values()]),
        rules=(
            Rule(what="every invoice is booked, exactly once", wrong=once),
            Rule(what="every amount equals the source to the øre", wrong=_amounts(source, booked)),
            Rule(what="every invoice kept Opter's number", wrong=_numbers(source, booked)),
            doubled_customers(state["customers"]),
            Rule(what="no draft was left behind", wrong=tuple(f"draft {number}" for number in state["drafts"])),
            nothing_ignored(findings),
        ),
    )


def _booked_amounts(document: Mapping[str, Any]) -> Amounts:
    net, vat, gross = (Decimal(document[f"{name}Amount"]) for name in _AMOUNTS)
    return Amounts(currency=document["currency"], net=net, vat=vat, gross=gross)


def _amounts(source: Sequence[Invoice], booked: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    theirs = {number: _booked_amounts(document) for number, document in booked.items()}
    return tuple(
        f"{invoice.invoice_number} {name}"
        for invoice in source
        for name in _AMOUNTS
        if (found := theirs.get(str(invoice.invoice_number))) and getattr(found, name) != getattr(invoice, name)
    )


def _numbers(source: Sequence[Invoice], booked: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(invoice.invoice_number) for invoice in source if str(invoice.invoice_number) not in booked)


def _sum(currency: str, source: Sequence[Invoice], theirs: Sequence[Amounts]) -> CurrencySum:
    ours = [invoice for invoice in source if invoice.currency == currency]
    present = [document for document in theirs if document.currency == currency]
    return CurrencySum(currency=currency, invoices=len(ours), ours=_added(ours), theirs=_added(present))


def _added(documents: Sequence[Invoice | Amounts]) -> tuple[Decimal, Decimal, Decimal]:
    net, vat, gross = (sum((getattr(document, name) for document in documents), ZERO) for name in _AMOUNTS)
    return net, vat, gross


def comparison_view(comparison: Comparison) -> RenderableType:
    """Return sums, details and rules for people."""
    columns = ("Invoices", "Net", "VAT", "Gross")
    sums = table("Currency", "", *columns, numbers=columns)
    for row in comparison.sums:
        sums.add_row(row.currency, "Opter", str(row.invoices), *map(money, row.ours))
        sums.add_row("", "e-conomic", "", *map(money, row.theirs))
        sums.add_row("", *_difference(row))
    return Group(sums, *comparison.details, Text(), *map(_rule_line, comparison.rules))


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """Return an empty table; columns in ``numbers`` are set to the right."""
    empty = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="quiet", padding=(0, 2, 0, 0))
    for column in columns:
        right = column in numbers
        empty.add_column(column, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return empty


def money(amount: Decimal) -> str:
    """Return ``1 234 567.89``: grouped by gaps, so that no reader takes a comma for a decimal sign."""
    return f"{amount:,.2f}".replace(",", " ")


def _difference(row: CurrencySum) -> list[Text]:
    amounts = [ours - theirs for ours, theirs in zip(row.ours, row.theirs, strict=True)]
    style = "bad" if any(amounts) else "good"
    return [Text("difference", style=style), Text(""), *(Text(money(amount), style=style) for amount in amounts)]


def _rule_line(rule: Rule) -> Text:
    if not rule.wrong:
        return Text.assemble(("✓ ", "good"), rule.what)
    more = f" and {len(rule.wrong) - 3} more" * (len(rule.wrong) > 3)  # noqa: PLR2004  # three show the kind
    return Text.assemble(("✗ ", "bad"), f"{rule.what}: not {'; '.join(rule.wrong[:3])}{more}")
