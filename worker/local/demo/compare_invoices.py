"""Is every invoice booked in e-conomic, once, and to the øre? The source against the sandbox's own state. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from worker.domain.invoice import Invoice
from worker.local.demo.comparison import (
    Amounts,
    Comparison,
    Rule,
    currency_sums,
    doubled_customers,
    nothing_ignored,
    times_differ,
)

_AMOUNTS = ("net", "vat", "gross")


def reconcile(
    source: Sequence[Invoice], state: Mapping[str, Any], *, export: str, findings: Sequence[str]
) -> Comparison:
    """Compare what Opter sent last with every booked invoice that the sandbox's agreement holds."""
    booked = state["booked"]
    references = [one.get("references", {}).get("other", "?") for one in booked.values()]
    once = times_differ((f"{export}-{one.invoice_number}" for one in source), references)
    return Comparison(
        sums=currency_sums(source, [_booked(one) for one in booked.values()]),
        rules=(
            Rule(what="every invoice is booked, exactly once", wrong=once),
            Rule(what="every amount equals the source to the øre", wrong=_amounts(source, booked)),
            Rule(what="every invoice kept Opter's number", wrong=_numbers(source, booked)),
            doubled_customers(state["customers"]),
            Rule(what="no draft was left behind", wrong=tuple(f"draft {number}" for number in state["drafts"])),
            nothing_ignored(findings),
        ),
    )


def _booked(one: Mapping[str, Any]) -> Amounts:
    net, vat, gross = (Decimal(one[f"{name}Amount"]) for name in _AMOUNTS)
    return Amounts(currency=one["currency"], net=net, vat=vat, gross=gross)


def _amounts(source: Sequence[Invoice], booked: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    there = {number: _booked(one) for number, one in booked.items()}
    return tuple(
        f"{one.invoice_number} {name}"
        for one in source
        for name in _AMOUNTS
        if str(one.invoice_number) in there and getattr(there[str(one.invoice_number)], name) != getattr(one, name)
    )


def _numbers(source: Sequence[Invoice], booked: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(one.invoice_number) for one in source if str(one.invoice_number) not in booked)
