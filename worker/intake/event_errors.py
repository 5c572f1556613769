"""The refusal of an event, with everything that is wrong with it."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from worker.domain.reasons import EventReason, ReasonCode
from worker.domain.sums import Problem

#: A dead letter names at most so many problems; the rest is a number.
MOST_PROBLEMS = 100
#: After so many, reading an event ends: who reads a list that long has to correct the sender anyway.
_ENOUGH = 1000
#: Characters of a value that are shown.
_SHOWN = 100


class EventRefused(Exception):
    """The event becomes a dead letter. Its text is a reason code, because problems may quote the event."""

    def __init__(self, problems: Sequence[Problem], *, more: int = 0) -> None:
        """``more`` problems were found beside those given."""
        super().__init__(problems[0].reason.value)
        self.problems = tuple(problems[:MOST_PROBLEMS])
        more += len(problems) - len(self.problems)
        if more:
            text = f"And {more} more problems."
            self.problems += (Problem(reason=problems[0].reason, description=text),)


class Problems:
    """Problems as they are found: the first are kept, all are counted."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def enough(self) -> bool:
        """Whether there are so many that no more need be looked for."""
        return self._count >= _ENOUGH

    def add(self, problems: Iterable[Problem]) -> None:
        """Count these, and keep them while there is room."""
        for problem in problems:
            self._count += 1
            if len(self._kept) < MOST_PROBLEMS:
                self._kept.append(problem)

    def refusal(self, *first: Problem, last: str = "") -> EventRefused:
        """Return the refusal of an event for these problems, those of the event as a whole ahead; ``last`` ends it."""
        refusal = EventRefused([*first, *self._kept], more=self._count - len(self._kept))
        if last:
            refusal.problems += (Problem(reason=refusal.problems[0].reason, description=last),)
        return refusal

    def listed(self) -> list[Problem]:
        """Return the problems as a dead letter shows them."""
        return list(self.refusal().problems) if self._count else []


def refused(reason: ReasonCode, description: str, *, field: str = "", value: str = "") -> EventRefused:
    """Return the refusal for a single problem."""
    return EventRefused([Problem(reason=reason, description=description, field=field, value=value)])


def broken_rules(error: ValidationError, *, within: str = "", invoice_number: int | None = None) -> list[Problem]:
    """Turn pydantic's errors into problems, with fields in the event's spelling; a last one counts what is left out."""
    details = error.errors(include_url=False, include_context=False)
    found = Problems()
    found.add(
        _problem(_path(within, detail["loc"]), detail, invoice_number)
        for detail in details
        if not _follows(detail, details)
    )
    return found.listed()


def _follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list counts as too short only because all its items are wrong."""
    loc = detail["loc"]
    return detail["type"] == "too_short" and any(other["loc"][: len(loc)] == loc != other["loc"] for other in details)


#: What to write instead, by the kind of error.
_REMEDIES = {
    "missing": "is missing; add it",
    "extra_forbidden": "is not part of the contract; leave it out or correct its spelling",
    "int_type": "must be a whole number without quotes, such as 1001",
    "int_parsing": "must be a whole number without quotes, such as 1001",
    "int_from_float": "must be a whole number, such as 1001",
    "string_type": 'must be text in quotes, such as "3010"',
    "bool_type": "must be true or false",
}
_DATE = 'must be a date written as year-month-day, such as "2026-11-20" for 20 November 2026'
#: What to write instead, by the last name of a field, where a pattern is broken.
_PATTERNS = {
    "currency": 'must be a currency\'s three letters, such as "DKK"',
    "country": 'must be a country\'s two letters, such as "DK"',
    "sha256": "must be the SHA-256 in 64 hexadecimal digits",
}


def _remedy(detail: ErrorDetails) -> str:
    kind, last = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind.startswith("date_"):
        return _DATE
    if kind == "string_pattern_mismatch" and last in _PATTERNS:
        return _PATTERNS[last]
    return _REMEDIES.get(kind) or detail["msg"].removeprefix("Value error, ")


def _problem(path: str, detail: ErrorDetails, invoice_number: int | None) -> Problem:
    value = detail["input"]
    shown = str(value)[:_SHOWN] if isinstance(value, str | int | float) and detail["type"] != "missing" else ""
    where = path or "event"
    if invoice_number is not None:
        where += f": invoice {invoice_number}"
    if shown:
        has = " has" if invoice_number is not None else ":"
        where += f"{has} {shown!r}" if isinstance(value, str) else f"{has} {shown}"
    return Problem(
        reason=EventReason.EVENT_INVALID,
        description=f"{where}: {_remedy(detail)}.",
        invoice_number=invoice_number,
        field=path,
        value=shown,
    )


def _path(within: str, loc: tuple[int | str, ...]) -> str:
    path = within
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
