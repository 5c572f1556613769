"""The refusal of an event, with everything that is wrong with it."""

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from worker.domain.reasons import EventReason, ReasonCode
from worker.domain.sums import Problem

#: A dead letter names at most so many problems; the rest is a number.
MOST_PROBLEMS = 100


class EventRefused(Exception):
    """The event becomes a dead letter. Its text is a reason code, because problems may quote the event."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].reason.value)
        self.problems = tuple(problems[:MOST_PROBLEMS])
        if len(problems) > MOST_PROBLEMS:
            more = f"And {len(problems) - MOST_PROBLEMS} more problems."
            self.problems += (Problem(reason=problems[0].reason, description=more),)


def refused(reason: ReasonCode, description: str, *, field: str = "", value: str = "") -> EventRefused:
    """Return the refusal for a single problem."""
    return EventRefused([Problem(reason=reason, description=description, field=field, value=value)])


def broken_rules(error: ValidationError, *, within: str = "") -> list[Problem]:
    """Turn pydantic's errors into problems, with fields in the event's spelling."""
    details = error.errors(include_url=False)
    return [_problem(_path(within, detail["loc"]), detail) for detail in details if not _follows(detail, details)]


def _follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list counts as too short only because all its items are wrong."""
    loc = detail["loc"]
    return detail["type"] == "too_short" and any(other["loc"][: len(loc)] == loc != other["loc"] for other in details)


def _problem(path: str, detail: ErrorDetails) -> Problem:
    plain = {"missing": "is missing", "extra_forbidden": "is not part of the contract"}
    what = plain.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    value = detail["input"]
    shown = str(value)[:100] if isinstance(value, str | int | float) else ""
    return Problem(reason=EventReason.EVENT_INVALID, description=f"{path or 'event'}: {what}.", field=path, value=shown)


def _path(within: str, loc: tuple[int | str, ...]) -> str:
    path = within
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
