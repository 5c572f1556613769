"""What a reconciliation comes to, whatever the method: sums of both sides, and what must hold. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import page, table
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO


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
        return not any(verdict.wrong for verdict in self.rules)


def currency_sums(source: Sequence[Invoice], theirs: Sequence[Amounts]) -> tuple[CurrencySum, ...]:
    """Add up both sides, currency by currency."""
    currencies = sorted({one.currency for one in source} | {one.currency for one in theirs})
    return tuple(_sum(currency, source, theirs) for currency in currencies)


def times_differ(wanted: Iterable[str], there: Iterable[str]) -> tuple[str, ...]:
    """Return what is there more or less often than it should be, each with how often."""
    want, have = Counter(wanted), Counter(there)
    return tuple(f"{one} ({have[one]} times)" for one in sorted(want.keys() | have.keys()) if have[one] != want[one])


def doubled_customers(customers: Mapping[str, Mapping[str, Any]]) -> Rule:
    """Tell which companies have more than one card."""
    cards = Counter(
        one["corporateIdentificationNumber"] for one in customers.values() if one.get("corporateIdentificationNumber")
    )
    wrong = tuple(f"company {number} ({times} cards)" for number, times in cards.items() if times > 1)
    return Rule(what="no customer was created twice", wrong=wrong)


def nothing_ignored(findings: Sequence[str]) -> Rule:
    """Tell what the sandbox found in our requests."""
    return Rule(what="nothing was sent that the real e-conomic would ignore or refuse", wrong=tuple(findings))


def reconciliation_view(found: Comparison) -> RenderableType:
    """Return sums, details and verdicts for people."""
    columns = ("Invoices", "Net", "VAT", "Gross")
    made = table("Currency", "", *columns, numbers=columns)
    for one in found.sums:
        made.add_row(one.currency, "Opter", str(one.invoices), *map(formatting.money, one.ours))
        made.add_row("", "e-conomic", "", *map(formatting.money, one.theirs))
        made.add_row("", *_difference(one))
    return page(made, *found.details, Text(), *(_told(verdict) for verdict in found.rules))


def _difference(one: CurrencySum) -> list[Text]:
    gap = [ours - theirs for ours, theirs in zip(one.ours, one.theirs, strict=True)]
    style = "bad" if any(gap) else "good"
    return [Text("difference", style=style), Text(""), *(Text(formatting.money(each), style=style) for each in gap)]


def _told(verdict: Rule) -> Text:
    if not verdict.wrong:
        return Text.assemble(("✓ ", "good"), verdict.what)
    more = f" and {len(verdict.wrong) - 3} more" * (len(verdict.wrong) > 3)  # noqa: PLR2004  # three show the kind
    return Text.assemble(("✗ ", "bad"), f"{verdict.what}: not {'; '.join(verdict.wrong[:3])}{more}")


def _sum(currency: str, source: Sequence[Invoice], theirs: Sequence[Amounts]) -> CurrencySum:
    ours = [one for one in source if one.currency == currency]
    there = [one for one in theirs if one.currency == currency]
    return CurrencySum(currency=currency, invoices=len(ours), ours=_added(ours), theirs=_added(there))


def _added(documents: Sequence[Invoice | Amounts]) -> tuple[Decimal, Decimal, Decimal]:
    net, vat, gross = (sum((getattr(one, name) for one in documents), ZERO) for name in ("net", "vat", "gross"))
    return net, vat, gross
