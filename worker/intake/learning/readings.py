"""One file read with a mapping or stylesheet: its invoices, and what is still missing, field by field."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.invoice import Invoice
from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.learning.proposal import WANTED

#: The last names of a field's path: ``customer.code`` of ``line 2.customer.code``.
_FIELD = re.compile(r"[A-Za-z]+(\[\d+\])?(\.[A-Za-z]+(\[\d+\])?)*$")
#: What the checks and readers say of what is not there.
_ABSENT = ("is missing", "has no column", "has no sales account")
_INDEX = re.compile(r"\[\d+\]")
_ALIASES = {"paymentCondition.days": "dueDate", "paymentCondition": "dueDate"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """What a file does not give, or gives in a way that cannot be booked."""

    field: str
    #: Why it is needed; empty where it is there and does not fit.
    why: str
    #: What to write in a mapping of columns; empty where it is the value that does not fit.
    write: str
    #: What was found, at the first place.
    example: str
    #: At how many places, of those that were looked at.
    places: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Readings:
    """What files give."""

    invoices: tuple[Invoice, ...]
    missing: tuple[Missing, ...]
    head: FileHead


def read_with(files: Sequence[tuple[str, bytes]], how: HowToRead) -> Readings:
    """Read named files as the product would, and gather what is wrong."""
    invoices: list[Invoice] = []
    problems: list[Problem] = []
    head = FileHead()
    for name, raw in files:
        try:
            invoices += (invoice for invoice, _ in read_file(io.BytesIO(raw), name, how, head))
        except EventRefused as refusal:
            problems += refusal.problems
    return Readings(invoices=tuple(invoices), missing=tuple(_gathered(problems)), head=head)


def field_of(problem: Problem) -> str:
    """Return our field that a problem is about: ``line.net`` of ``data.invoices[3].lines[0].net``."""
    found = _FIELD.search(problem.field)
    name = _INDEX.sub("", found[0]) if found else problem.field
    name = name.removeprefix("data.invoices.").replace("lines.", "line.")
    return _ALIASES.get(name, name)


def _gathered(problems: Sequence[Problem]) -> list[Missing]:
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        absent = any(words in problem.description for words in _ABSENT)
        kind = "missing" if absent else _without_values(problem)
        groups.setdefault((field_of(problem), kind), []).append(problem)
    found = []
    for (field, kind), alike in groups.items():
        wanted = WANTED.get(field) if kind == "missing" else None
        found.append(
            Missing(
                field=field,
                why=wanted.why if wanted else "",
                write=wanted.toml if wanted else "",
                example=alike[0].description,
                places=len(alike),
            )
        )
    return found


def _without_values(problem: Problem) -> str:
    """Return what is said, whatever the place and value: the same fault in a thousand rows is one."""
    return re.sub(r"[0-9]+|'[^']*'", "#", problem.description)
