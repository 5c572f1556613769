"""The look of all output: few colours, each with one meaning, one kind of table; plain text without a terminal."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from io import TextIOWrapper
from textwrap import indent
from typing import TYPE_CHECKING, Any, TextIO
from unicodedata import category

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.theme import Theme
from typing_extensions import override

from worker.cli.language import mark, mark_count, say, say_count, spoken

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: Good is done, wait is on its way, bad needs a person; quiet steps back, strong stands out.
THEME = Theme(
    {
        "good": "green",
        "wait": "yellow",
        "bad": "bold red",
        "quiet": "bright_black",
        "strong": "bold",
        "title": "bold",
        "command": "cyan",
        "bar.complete": "green",
        "bar.finished": "green",
        "bar.back": "bright_black",
    }
)
#: Where output goes to a file or a pipe, lines are as long as tables need and not cut at 80 characters.
PIPE_WIDTH = 132


def consoles() -> tuple[Console, Console]:
    """Return the consoles of standard output and standard error; what a terminal cannot show is shown by its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return console_on(sys.stdout), console_on(sys.stderr)


def console_on(file: TextIO) -> Console:
    """Return a console that takes every text literally: what e-conomic or Opter wrote is never read as markup."""
    console = _Console(file=file, theme=THEME, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def print_json(out: Console, data: Any) -> None:
    """Write one JSON document, uncoloured and unwrapped; amounts of money are strings in it."""
    out.file.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def print_json_rows(out: Console, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a JSON list as ``print_json`` would, a row at a time; return how many. None of them is kept."""
    number = 0
    for number, row in enumerate(rows, start=1):
        text = indent(json.dumps(row, indent=2, ensure_ascii=False), "  ")
        out.file.write(f"{',' if number > 1 else '['}\n{text}")
    out.file.write("\n]\n" if number else "[]\n")
    return number


#: Names in JSON that are not just the field's in camelCase.
_JSON_NAMES = {"remote_message": "economicMessage"}


def data_of(value: "DataclassInstance") -> dict[str, Any]:
    """Return a value's fields for JSON, named in camelCase as in the event contract and all other output."""
    return {_JSON_NAMES.get(name, _camel_case(name)): field for name, field in asdict(value).items()}


class _Console(Console):
    """Shows control characters as such: a text from outside must not move the cursor or change the terminal."""

    @override
    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(printable(text), **how)


def printable(text: str) -> str:
    """Return the text with its control characters, line breaks excepted, made visible."""
    return "".join(
        character if character == "\n" or category(character) != "Cc" else repr(character)[1:-1] for character in text
    )


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_DANISH = str.maketrans(",.", ".,")


def moment(seconds: float) -> str:
    """Return ``2026-11-20 16:04:05 CET``, the time of this machine's zone; a dash for never."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S %Z}" if seconds else "-"


def moment_of(text: str) -> str:
    """Return an ISO 8601 time like ``moment``; whatever else it is, as it stands."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment(at.timestamp()) if at.tzinfo else text


def resuming(export: str) -> str:
    """Return the command that lets a paused export go on."""
    return f"`opter-economic export resume {export}`"


def did_you_mean(near: Sequence[str]) -> str:
    """Return the question whether the first of these was meant, with a space behind it; nothing for none."""
    return say('Did you mean "{name}"?', name=near[0]) + " " if near else ""


def iso(seconds: float) -> str | None:
    """Return ``2026-11-20T15:04:05Z`` for JSON; None for never."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds else None


def span(seconds: float) -> str:
    """Return a length of time in one unit: ``12 s``, ``3 min``, ``5 h``, ``2 days``."""
    if seconds >= 2 * _DAY:
        return say_count(round(seconds / _DAY), "{number} day", "{number} days")
    for size, least, unit in ((_HOUR, 2, mark("{number} h")), (_MINUTE, 1.5, mark("{number} min"))):
        if seconds >= least * size:
            return say(unit, number=round(seconds / size))
    return f"{max(0, round(seconds))} s"


def money(amount: Decimal) -> str:
    """Return ``1 234 567.89``: grouped by thin gaps, so that no reader takes a comma for a decimal sign.

    A Danish reader gets ``1.234.567,89``.
    """
    grouped = f"{amount:,.2f}"
    return grouped.translate(_DANISH) if spoken() == "da" else grouped.replace(",", " ")


#: What is counted, in the singular and the plural.
_NOUNS = {
    "invoice": mark_count("{number} invoice", "{number} invoices"),
    "event": mark_count("{number} event", "{number} events"),
    "period": mark_count("{number} period", "{number} periods"),
    "entry": mark_count("{number} entry", "{number} entries"),
    "attempt": mark_count("{number} attempt", "{number} attempts"),
    "notice": mark_count("{number} notice", "{number} notices"),
    "channel": mark_count("{number} channel", "{number} channels"),
    "message": mark_count("{number} message", "{number} messages"),
    "problem": mark_count("{number} problem", "{number} problems"),
    "difference": mark_count("{number} difference", "{number} differences"),
    "line": mark_count("{number} line", "{number} lines"),
    "call": mark_count("{number} call", "{number} calls"),
    "part": mark_count("{number} part", "{number} parts"),
    "field": mark_count("{number} field", "{number} fields"),
    "number": mark_count("{number} number", "{number} numbers"),
    "conflict": mark_count("{number} conflict", "{number} conflicts"),
    "thing": mark_count("{number} thing", "{number} things"),
    "minute": mark_count("{number} minute", "{number} minutes"),
    "hour": mark_count("{number} hour", "{number} hours"),
    "character": mark_count("{number} character", "{number} characters"),
    "more place": mark_count("{number} more place", "{number} more places"),
}


def count(number: int, noun: str) -> str:
    """Return ``1 invoice``, ``2 invoices``; the noun is one of those known."""
    return say_count(number, *_NOUNS[noun])


def table(*columns: str, numbers: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Table:
    """Return an empty table; columns in ``numbers`` are set to the right, those in ``keys`` are never broken.

    A key is what a person copies into the next command: a line break in it would be copied along.
    """
    empty = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="quiet", padding=(0, 2, 0, 0))
    for column in columns:
        right = column in numbers
        whole = right or column in keys
        empty.add_column(column, justify="right" if right else "left", no_wrap=whole, overflow="fold")
    return empty


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
