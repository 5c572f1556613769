"""Is everything in e-conomic, once, and to the øre? The source against the sandbox's own state. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import words
from worker.cli.views.tables import page, table
from worker.invoicing.invoice import Invoice
from worker.invoicing.money import ZERO

_AMOUNTS = (("net", "netAmount"), ("vat", "vatAmount"), ("gross", "grossAmount"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One thing that must hold."""

    what: str
    #: What is wrong with it, one entry each; empty when it holds.
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencySum:
    """One currency added up on both sides: net, VAT, gross."""

    currency: str
    invoices: int
    ours: tuple[Decimal, Decimal, Decimal]
    theirs: tuple[Decimal, Decimal, Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciliation:
    """Source and e-conomic side by side."""

    sums: tuple[CurrencySum, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return not any(verdict.wrong for verdict in self.verdicts)


def reconcile(
    source: Sequence[Invoice], state: Mapping[str, Any], *, export: str, findings: Sequence[str]
) -> Reconciliation:
    """Compare what Opter sent last with everything that the sandbox's agreement holds."""
    booked = list(state["booked"].values())
    return Reconciliation(
        sums=tuple(_sums(source, booked, currency) for currency in sorted({one.currency for one in source})),
        verdicts=(
            Verdict(what="every invoice is booked, exactly once", wrong=_once(source, booked, export)),
            Verdict(what="every amount equals the source to the øre", wrong=_amounts(source, state["booked"])),
            Verdict(what="every invoice kept Opter's number", wrong=_numbers(source, state["booked"])),
            Verdict(what="no customer was created twice", wrong=_doubled(state["customers"])),
            Verdict(what="no draft was left behind", wrong=tuple(f"draft {number}" for number in state["drafts"])),
            Verdict(what="nothing was sent that the real e-conomic would ignore or refuse", wrong=tuple(findings)),
        ),
    )


def reconciliation_view(found: Reconciliation) -> RenderableType:
    """Return sums and verdicts for people."""
    columns = ("Invoices", "Net", "VAT", "Gross")
    made = table("Currency", "", *columns, numbers=columns)
    for one in found.sums:
        made.add_row(one.currency, "Opter", str(one.invoices), *map(words.money, one.ours))
        made.add_row("", "e-conomic", "", *map(words.money, one.theirs))
        gap = [ours - theirs for ours, theirs in zip(one.ours, one.theirs, strict=True)]
        style = "bad" if any(gap) else "good"
        made.add_row("", Text("difference", style=style), "", *(Text(words.money(each), style=style) for each in gap))
    return page(made, Text(), *(_told(verdict) for verdict in found.verdicts))


def _told(verdict: Verdict) -> Text:
    if not verdict.wrong:
        return Text.assemble(("✓ ", "good"), verdict.what)
    more = f" and {len(verdict.wrong) - 3} more" * (len(verdict.wrong) > 3)  # noqa: PLR2004  # three show the kind
    return Text.assemble(("✗ ", "bad"), f"{verdict.what}: not {'; '.join(verdict.wrong[:3])}{more}")


def _sums(source: Sequence[Invoice], booked: Sequence[Mapping[str, Any]], currency: str) -> CurrencySum:
    ours = [one for one in source if one.currency == currency]
    theirs = [one for one in booked if one["currency"] == currency]
    net, vat, gross = (sum((getattr(one, name) for one in ours), ZERO) for name, _ in _AMOUNTS)
    their_net, their_vat, their_gross = (sum((Decimal(one[name]) for one in theirs), ZERO) for _, name in _AMOUNTS)
    return CurrencySum(
        currency=currency, invoices=len(ours), ours=(net, vat, gross), theirs=(their_net, their_vat, their_gross)
    )


def _once(source: Sequence[Invoice], booked: Sequence[Mapping[str, Any]], export: str) -> tuple[str, ...]:
    times = Counter(one.get("references", {}).get("other", "?") for one in booked)
    wanted = Counter(f"{export}-{one.invoice_number}" for one in source)
    return tuple(
        f"{reference} ({times[reference]} times)"
        for reference in sorted(times.keys() | wanted.keys())
        if times[reference] != wanted[reference]
    )


def _amounts(source: Sequence[Invoice], booked: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        f"{one.invoice_number} {name}"
        for one in source
        for name, theirs in _AMOUNTS
        if str(one.invoice_number) in booked and Decimal(booked[str(one.invoice_number)][theirs]) != getattr(one, name)
    )


def _numbers(source: Sequence[Invoice], booked: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(one.invoice_number) for one in source if str(one.invoice_number) not in booked)


def _doubled(customers: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    cards = Counter(
        one["corporateIdentificationNumber"] for one in customers.values() if one.get("corporateIdentificationNumber")
    )
    return tuple(f"company {number} ({times} cards)" for number, times in cards.items() if times > 1)
