"""Short marks of values: enough to see that something has changed, and where, without keeping what it was."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Letters that a mark is made of; none of them is read for another. A missing thing is marked with a zero.
_LETTERS = "abcdefghijkmnpqrstuvwxyz"
_MISSING = "0"
#: Marks of one part; with more items, each mark stands for several of them.
MOST = 20
_WRITTEN = re.compile(rf"(\d+)([{_LETTERS}]{{2}})([{_LETTERS}0]*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """The marks of some named things."""

    #: How many things there are.
    count: int
    #: Of their names: only things of the same names are compared one by one.
    names: str
    #: One of each thing in the order of their names, or of ``MOST`` groups of things.
    each: str

    def __str__(self) -> str:
        return f"{self.count}{self.names}{self.each}"


def marks(items: Mapping[str, str]) -> Marks:
    """Return the marks of named values; an empty value is a missing thing."""
    names = sorted(items)
    if len(names) <= MOST:
        each = [digest(items[name], 1) if items[name] else _MISSING for name in names]
    else:
        groups = [[(name, items[name]) for name in names if _group_of(name) == group] for group in range(MOST)]
        each = [digest(repr(group), 1) for group in groups]
    return Marks(count=len(names), names=digest(repr(names), 2), each="".join(each))


def read_marks(text: str) -> Marks:
    """Return the marks that ``str`` wrote. Raises ValueError."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no part of a plan's hash")
    return Marks(count=int(found[1]), names=found[2], each=found[3])


def changed(before: Marks, now: Mapping[str, str]) -> Mapping[str, str]:
    """Return the names of what has changed, and how; empty when the things are others, or too many to be told apart."""
    ours = marks(now)
    if (before.count, before.names) != (ours.count, ours.names) or len(before.each) != ours.count:
        return {}
    pairs = zip(sorted(now), before.each, ours.each, strict=True)
    return {name: _how(old, new) for name, old, new in pairs if old != new}


def marks_changed(before: Marks, now: Marks) -> int:
    """Return how many marks differ: at least so many things have changed."""
    return sum(old != new for old, new in zip(before.each, now.each, strict=False))


def digest(text: str, length: int) -> str:
    """Return so many letters that stand for a text."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def _group_of(name: str) -> int:
    """Return the group of a thing that is one of many."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % MOST


def _how(old: str, new: str) -> str:
    if old == _MISSING:
        return "is now there"
    return "is gone" if new == _MISSING else "has changed"
