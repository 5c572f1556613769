"""What an invoice says indirectly: due date, days, a line's VAT and number, and the totals, where no field gives them.

What is computed cannot contradict anything, so whatever a file does give stays as it is.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from worker.domain.money import ZERO, to_oere

_TOTALS = ("net", "vat", "rounding", "gross", "grossInBaseCurrency")
#: No amount reaches it.
_MOST = Decimal(10) ** 15


def complete_line(line: dict[str, Any], number: int) -> None:
    """Give a line its place, and its VAT by net and rate."""
    line.setdefault("lineNumber", number)
    if "vat" not in line and (vat := _computed(line, lambda net, rate: to_oere(net * rate / 100))):
        line["vat"] = vat


def complete_invoice(fields: dict[str, Any]) -> None:
    """Give an invoice its dates and totals; its lines are complete."""
    _complete_dates(fields)
    for total in ("net", "vat"):
        if total not in fields and (amounts := _amounts(fields.get("lines", ()), total)) is not None:
            fields[total] = str(sum(amounts, Decimal("0.00")))
    parts = [{"amount": fields.get(name, "0.00")} for name in ("net", "vat", "rounding")]
    if "gross" not in fields and (amounts := _amounts(parts, "amount")) is not None:
        fields["gross"] = str(sum(amounts, Decimal("0.00")))


def turn_signs(fields: dict[str, Any]) -> None:
    """Turn the sign of every amount: of a credit note whose sender writes what it gives back as positive."""
    for part, names in ((fields, _TOTALS), *((line, ("net", "vat")) for line in fields["lines"])):
        for name in names:
            if name in part and (amounts := _amounts([part], name)) is not None:
                part[name] = str(-amounts[0] + ZERO)


def _complete_dates(fields: dict[str, Any]) -> None:
    given = fields.get("paymentCondition")
    condition: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    try:
        issued = date.fromisoformat(fields["invoiceDate"])
        if "dueDate" not in fields and isinstance(condition.get("days"), int):
            fields["dueDate"] = str(issued + timedelta(days=condition["days"]))
        due = date.fromisoformat(fields["dueDate"])
        condition.setdefault("days", (due - issued).days)
    except (KeyError, TypeError, ValueError, OverflowError):
        pass  # a date is missing or wrong; the checks name it
    fields["paymentCondition"] = condition


def _computed(line: dict[str, Any], compute: Callable[[Decimal, Decimal], Decimal]) -> str:
    amounts = _amounts([line], "net"), _amounts([line], "vatRate")
    try:
        return str(compute(amounts[0][0], amounts[1][0])) if amounts[0] and amounts[1] else ""
    except ArithmeticError:
        return ""


def _amounts(rows: Sequence[dict[str, Any]], name: str) -> list[Decimal] | None:
    """Return the amounts of all rows; None where one is missing or none, which the checks name."""
    try:
        amounts = [Decimal(str(row[name])) for row in rows]
    except (KeyError, ArithmeticError):
        return None
    return amounts if all(each.is_finite() and abs(each) < _MOST for each in amounts) else None
