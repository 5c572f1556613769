"""The one look of every table and heading."""

from datetime import UTC, datetime
from decimal import Decimal

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

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


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """Return an empty table; columns in ``numbers`` are set to the right."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="quiet", padding=(0, 2, 0, 0))
    for column in columns:
        right = column in numbers
        made.add_column(column, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return made


def facts(rows: list[tuple[str, RenderableType]]) -> Table:
    """Return names and values side by side; rows with an empty value are left out."""
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="quiet", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        if value not in ("", None):
            grid.add_row(name, value)
    return grid


def section(title: str, *body: RenderableType) -> RenderableType:
    """Return a heading with its content below, set in a little."""
    return Group(Text(f"\n{title}", style="title"), *(indented(part) for part in body))


def indented(body: RenderableType) -> RenderableType:
    """Return the content set in a little; lines end where their text ends."""
    return Padding(body, (0, 0, 0, 2), expand=False)


def page(*parts: RenderableType | None) -> RenderableType:
    """Return the parts below each other, those that are None left out."""
    return Group(*(part for part in parts if part is not None))
