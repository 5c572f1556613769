"""Times, amounts and counts as people read them."""

from datetime import UTC, datetime
from decimal import Decimal

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def moment(seconds: float) -> str:
    """Return ``2026-11-20 15:04:05 UTC``; a dash for never."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC" if seconds else "-"


def iso(seconds: float) -> str | None:
    """Return ``2026-11-20T15:04:05Z`` for JSON; None for never."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds else None


def ago(seconds: float) -> str:
    """Return how long ago in one unit: ``12 s ago``, ``3 min ago``, ``5 h ago``, ``2 days ago``."""
    return f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """Return a length of time in one unit."""
    for size, unit in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= 1.5 * size):
            return f"{round(seconds / size)} {unit}"
    return f"{max(0, round(seconds))} s"


def money(amount: Decimal) -> str:
    """Return ``1 234 567.89``: grouped by thin gaps, so that no reader takes a comma for a decimal sign."""
    return f"{amount:,.2f}".replace(",", " ")


def count(number: int, noun: str) -> str:
    """Return ``1 invoice``, ``2 invoices``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
