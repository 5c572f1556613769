"""The one look of every table and heading."""

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


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
