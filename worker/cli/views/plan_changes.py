"""What has changed since a plan, as a readable diff: each field before and after, counts when there are many."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import indented, page, printable, section
from worker.dry_run.plan_file import Change, ItemDifference, Part, PartDifference

#: Things shown of one part, changed fields of one thing, and names in one line; the rest is counted.
_ROWS, _MOST_FIELDS, _MOST_NAMES = 12, 12, 8


def changes_view(differences: Sequence[PartDifference], planned: Path) -> RenderableType:
    """Return what has changed since the plan in this file, and what to do."""
    out = f"--out {printable(str(planned))}"
    return page(
        Text.assemble(("✗ ", "bad"), ("Something has changed since the plan; nothing was published.", "strong")),
        *(_part_changes(difference) for difference in differences),
        Text(f"\n→ If that is right, make a new plan: `opter-economic plan` with the same files and {out}."),
    )


def _part_changes(difference: PartDifference) -> RenderableType:
    """Show the first changes of one part; invoices whose changes are the same stand together."""
    groups: dict[object, list[ItemDifference]] = {}
    for item in difference.items:
        groups.setdefault(item.changes if difference.part is Part.INVOICES else item.name, []).append(item)
    shown = list(groups.values())[:_ROWS]
    whole: list[tuple[str, Change]] = []
    parts: list[RenderableType] = []
    for items in shown:
        name, changes = _names(items), items[0].changes
        if difference.part is Part.EXPORTS_FILE:  # named as in that file: booking.book
            whole += [(f"{name}.{change.field}".rstrip("."), change) for change in changes]
        elif not changes[0].field:
            whole.append((name, changes[0]))
        else:
            parts += [printable(name), indented(_grid([(change.field, change) for change in changes[:_MOST_FIELDS]]))]
            if len(changes) > _MOST_FIELDS:
                more = formatting.count(len(changes) - _MOST_FIELDS, "field")
                parts.append(Text(f"  … and {more} more", style="quiet"))
    left = len(difference.items) - sum(map(len, shown))
    rest = [Text(f"… and {left} more", style="quiet")] if left else []
    return section(_change_title(difference), *([_grid(whole)] if whole else []), *parts, *rest)


def _grid(rows: Sequence[tuple[str, Change]]) -> RenderableType:
    """Return names with what they were and are; nothing is cut, however long a name is."""
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="quiet", overflow="fold")
    grid.add_column(overflow="fold")
    for name, change in rows:
        grid.add_row(name, Text.assemble(printable(change.before), (" → ", "quiet"), printable(change.after)))
    return grid


def _names(items: Sequence[ItemDifference]) -> str:
    names = ", ".join(item.name for item in items[:_MOST_NAMES])
    if len(items) == 1:
        return names
    more = f" and {len(items) - _MOST_NAMES} more" if len(items) > _MOST_NAMES else ""
    return f"{len(items)} invoices: {names}{more}"


def _change_title(difference: PartDifference) -> str:
    title, planned, now = difference.part.value, difference.planned, difference.now
    if difference.part in {Part.PLAN, Part.EXPORTS_FILE, Part.ECONOMIC}:
        return title
    if planned != now:
        return f"{title} · {planned} planned, {now} now"
    return f"{title} · {len(difference.items)} of {now} changed"
