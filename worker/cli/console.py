"""How things look: few colours, each with one meaning; plain text where there is no terminal."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO
from unicodedata import category

from pydantic.alias_generators import to_camel
from rich.console import Console
from rich.text import Text
from rich.theme import Theme
from typing_extensions import override

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
    """Return the consoles of standard output and standard error."""
    return console(sys.stdout), console(sys.stderr)


def console(file: TextIO) -> Console:
    """Return a console that takes every text literally: what e-conomic or Opter wrote is never read as markup."""
    made = _Console(file=file, theme=THEME, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = PIPE_WIDTH
    return made


def print_json(out: Console, data: Any) -> None:
    """Write one JSON document, uncoloured and unwrapped; amounts of money are strings in it."""
    out.file.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


#: Names in JSON that are not just the field's in camelCase.
_JSON_NAMES = {"remote_message": "economicMessage"}


def data_of(value: "DataclassInstance") -> dict[str, Any]:
    """Return a value's fields for JSON, named in camelCase as in the event contract and all other output."""
    return {_JSON_NAMES.get(key, to_camel(key)): field for key, field in asdict(value).items()}


class _Console(Console):
    """Shows control characters as such: a text from outside must not move the cursor or change the terminal."""

    @override
    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(printable(text), **how)


def printable(text: str) -> str:
    """Return the text with its control characters, line breaks excepted, made visible."""
    return "".join(one if one == "\n" or category(one) != "Cc" else repr(one)[1:-1] for one in text)
