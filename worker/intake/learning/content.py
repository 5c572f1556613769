"""What the values of a column or element are: numbers, dates, percentages, codes; and how they are written."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

#: How dates are written, in strptime's letters; Danish order before American.
DATE_FORMS = (
    "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%d-%m-%y", "%d.%m.%y", "%d/%m/%y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,\s\u00a0]*-?")
_INTEGER = re.compile(r"[0-9]{1,9}")
_PERCENT = re.compile(r"([0-9]{1,2})([.,]([0-9]{1,4}))?\s*%?")
#: Largest VAT rate of a European country, rounded up; and as the sum of distinct rates that one sender has.
_HIGHEST_RATE, _MOST_RATES = 30, 6
_GROUP = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """The values of one column, empty ones left out."""

    all: tuple[str, ...]

    @property
    def distinct(self) -> tuple[str, ...]:
        """Each value once, in its order."""
        return tuple(dict.fromkeys(self.all))

    def numbers(self) -> bool:
        """Tell whether all are amounts, however written."""
        return bool(self.all) and all(_NUMBER.fullmatch(each) for each in self.distinct)

    def integers(self) -> bool:
        """Tell whether all are whole numbers as an invoice number is."""
        return bool(self.all) and all(_INTEGER.fullmatch(each) for each in self.distinct)

    def rates(self) -> bool:
        """Tell whether all are percentages as VAT has them: few, and none above 30."""
        matches = [_PERCENT.fullmatch(each) for each in self.distinct]
        if not matches or len(matches) > _MOST_RATES:
            return False
        return all(match is not None and int(match[1]) <= _HIGHEST_RATE for match in matches)

    def matching(self, pattern: str) -> bool:
        """Tell whether all have this form."""
        return bool(self.all) and all(re.fullmatch(pattern, each) for each in self.distinct)

    def date_forms(self) -> tuple[str, ...]:
        """Return every form that all values have."""
        if not self.all:
            return ()
        return tuple(form for form in DATE_FORMS if all(_has_form(each, form) for each in self.distinct))


def decimal_sign(amounts: Iterable[str]) -> str | None:
    """Return the decimal sign of these amounts, by the place of their signs; None when they leave it open."""
    votes = {",": 0, ".": 0}
    for text in amounts:
        marks = [mark for mark in text if mark in ",."]
        if not marks:
            continue
        last = marks[-1]
        behind = len(text.rstrip("-").rpartition(last)[2])
        if len(set(marks)) > 1 or (behind != _GROUP and len(marks) == 1):
            votes[last] += 1
        elif len(marks) > 1:
            votes["," if last == "." else "."] += 1  # 1.234.567: the sign groups
    if votes[","] == votes["."]:
        return None
    return max(votes, key=lambda sign: votes[sign])


def is_negative(text: str) -> bool:
    """Tell whether an amount is below zero, on whichever side its sign stands."""
    return text.startswith(("-", "\u2212")) or text.endswith("-")


def as_percent(text: str) -> str:
    """Return a rate as a plain number: ``25 %`` and ``0,25`` are ``25``."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        return text
    decimals = match[3] or ""
    if match[1] == "0" and int(decimals or "0"):
        moved = decimals.ljust(2, "0")
        whole, rest = str(int(moved[:2])), moved[2:].rstrip("0")
    else:
        whole, rest = match[1], decimals.rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def constant_within(keys: Sequence[str], values: Sequence[str]) -> bool | None:
    """Tell whether the values are the same in all rows of one key; None when no key has several rows."""
    found: dict[str, set[str]] = {}
    count: dict[str, int] = {}
    for key, value in zip(keys, values, strict=True):
        found.setdefault(key, set()).add(value)
        count[key] = count.get(key, 0) + 1
    several = [found[key] for key, rows in count.items() if rows > 1]
    return all(len(each) == 1 for each in several) if several else None


def _has_form(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return False
    return True
