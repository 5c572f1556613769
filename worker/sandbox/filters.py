"""e-conomic's filter grammar, read into a tree.

``prop$op:value`` combined with ``$and:``, ``$or:`` and parentheses (e-conomic REST docs, "Filtering"). ``$`` and ``)``
must be escaped with ``$`` inside a value; ``(``, ``*`` and ``,`` work either way; an escaped ``[`` or ``]`` parses and
then matches nothing (measured on a live agreement, August 2026).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_IN_VALUES = 200
LIST_OPERATORS = frozenset({"$in", "$nin"})

HEAD = re.compile(r"([\w.]+)(\$[a-z]+):")
NULL = re.compile(r"\$null:")
TEXT = re.compile(r"(?:\$[$()*,\[\]]|[^$)])*")
LIST = re.compile(r"\[((?:\$[$()*,\[\]]|[^$)\]])*)\]")
JOIN = re.compile(r"\$(and|or):")
TOKEN = re.compile(r"\$.|.", re.DOTALL)


class FilterError(Exception):
    """The filter cannot be read, or asks for what this listing does not allow."""


@dataclass(frozen=True, slots=True)
class Value:
    """What stands right of the operator, as a sequence of characters, each escaped (``$x``) or bare."""

    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        """The value with its escapes resolved."""
        return "".join(token[-1] for token in self.tokens)

    @property
    def matches_nothing(self) -> bool:
        """Whether it holds an escaped bracket."""
        return "$[" in self.tokens or "$]" in self.tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One property compared."""

    property: str
    #: With its dollar sign: ``$eq``.
    operator: str
    #: One value, or several after ``$in`` and ``$nin``; none stands for ``$null:``.
    values: tuple[Value, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Several conditions joined."""

    join: Literal["and", "or"]
    parts: tuple["Comparison | Group", ...]


Condition = Comparison | Group


def parse(text: str) -> Condition:
    """Read a filter (URL decoding already done).

    Raises:
        FilterError: it does not follow the grammar, or a list has more than 200 values.

    """
    reader = _Reader(text)
    condition = reader.alternatives()
    if reader.at < len(text):
        raise FilterError(f"Unexpected {text[reader.at]!r} at position {reader.at}; escape it with $ inside a value.")
    return condition


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def alternatives(self) -> Condition:
        return self._joined("or", lambda: self._joined("and", self._operand))

    def _joined(self, join: Literal["and", "or"], part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while (match := JOIN.match(self.text, self.at)) and match[1] == join:
            self.at = match.end()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Group(join=join, parts=tuple(parts))

    def _operand(self) -> Condition:
        if not self.text.startswith("(", self.at):
            return self._comparison()
        self.at += 1
        inside = self.alternatives()
        if not self.text.startswith(")", self.at):
            raise FilterError(f"Missing ) at position {self.at}.")
        self.at += 1
        return inside

    def _comparison(self) -> Comparison:
        head = self._take(HEAD, "Expected property$operator:value")
        values = self._list() if head[2] in LIST_OPERATORS else self._single()
        return Comparison(property=head[1], operator=head[2], values=values)

    def _single(self) -> tuple[Value, ...]:
        if null := NULL.match(self.text, self.at):
            self.at = null.end()
            return ()
        return (Value(tuple(TOKEN.findall(self._take(TEXT, "Expected a value")[0]))),)

    def _list(self) -> tuple[Value, ...]:
        inside = self._take(LIST, "Expected [value,value]")[1]
        values = tuple(_split(TOKEN.findall(inside)))
        if len(values) > MAX_IN_VALUES:
            raise FilterError(f"A list takes at most {MAX_IN_VALUES} values, not {len(values)}.")
        return values

    def _take(self, pattern: re.Pattern[str], complaint: str) -> re.Match[str]:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
            return match
        raise FilterError(f"{complaint} at position {self.at}.")


def _split(tokens: Sequence[str]) -> Iterator[Value]:
    start = 0
    for at in [*(at for at, piece in enumerate(tokens) if piece == ","), len(tokens)]:
        yield Value(tuple(tokens[start:at]))
        start = at + 1
