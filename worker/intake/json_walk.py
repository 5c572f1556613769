"""A walk over JSON bytes that builds nothing: where each member and item begins and ends, in one linear pass.

It keeps what it passes as positions only, so that a large event is read one invoice at a time. It checks just the
brackets and commas that it walks over; every slice that matters is parsed strictly afterwards (``parsing``).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from worker.domain.reasons import EventReason
from worker.intake.event_errors import refused

_SPACE = re.compile(rb"[ \t\n\r]*+")
#: A string up to its closing quote (which may be missing), or what opens, closes or separates.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|[\[\]{},]', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^\s\[\]{},:"]++')
_OPEN, _CLOSE = frozenset(b"[{"), frozenset(b"]}")
_QUOTE, _COMMA = ord('"'), ord(",")
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Where a value lies in the bytes."""

    start: int
    end: int
    #: Names and values in it, roughly: what building it would cost.
    values: int


class JsonWalk:
    """A position in JSON bytes. Everything may raise ``EventRefused`` where they are no JSON."""

    def __init__(self, raw: bytes, at: int | None = None) -> None:
        """Begin at ``at``, by default behind a byte order mark."""
        self.raw = raw
        self.at = (len(_MARK) if raw.startswith(_MARK) else 0) if at is None else at

    def next(self) -> bytes:
        """Return the next byte that is not white space, without passing it; empty at the end."""
        if space := _SPACE.match(self.raw, self.at):
            self.at = space.end()
        return self.raw[self.at : self.at + 1]

    def members(self) -> Iterator[str]:
        """Pass an object: yield each name; whoever gets it passes the value. Names must differ."""
        names: set[str] = set()
        self._expect(b"{")
        if self._passed(b"}"):
            return
        while True:
            name = self._name()
            if name in names:
                raise refused(EventReason.EVENT_INVALID, f"An object has a key twice: {name[:40]}.")
            names.add(name)
            self._expect(b":")
            yield name
            if self._passed(b"}"):
                return
            self._expect(b",")

    def items(self) -> Iterator[Slice]:
        """Pass an array, and yield each item."""
        self._expect(b"[")
        if self._passed(b"]"):
            return
        while True:
            yield self.skip()
            if self._passed(b"]"):
                return
            self._expect(b",")

    def skip(self) -> Slice:
        """Pass a value of any kind."""
        first, start = self.next(), self.at
        if first in (b"[", b"{"):
            values = self._skip_brackets()
        else:
            match = (_STRING if first == b'"' else _SCALAR).match(self.raw, self.at)
            if match is None:
                raise self.unreadable("a value is missing")
            self.at, values = match.end(), 1
        return Slice(start=start, end=self.at, values=values)

    def size(self) -> int:
        """Return how many names and values follow, roughly, whether they are well-formed or not."""
        return sum(1 for _ in _TOKEN.finditer(self.raw, self.at))

    def end(self) -> None:
        """Refuse anything that follows."""
        if self.next():
            raise self.unreadable("more follows after its end")

    def unreadable(self, what: str) -> Exception:
        """Return the refusal of bytes that are no JSON."""
        return refused(EventReason.EVENT_UNREADABLE, f"Not JSON: {what} at byte {self.at}.")

    def _skip_brackets(self) -> int:
        depth, values = 0, 1
        for match in _TOKEN.finditer(self.raw, self.at):
            byte = self.raw[match.start()]
            if byte in _OPEN:
                depth += 1
            elif byte in _CLOSE:
                depth -= 1
                if not depth:
                    self.at = match.end()
                    return values
            elif byte == _COMMA:
                values += 1
            else:
                values += byte == _QUOTE
        raise self.unreadable("a bracket is not closed that opens")

    def _name(self) -> str:
        if self.next() != b'"':
            raise self.unreadable("a name in quotes is missing")
        name = self.skip()
        try:
            return str(json.loads(self.raw[name.start : name.end]))
        except ValueError:
            raise self.unreadable("a name is no text before the colon") from None

    def _passed(self, byte: bytes) -> bool:
        if self.next() != byte:
            return False
        self.at += 1
        return True

    def _expect(self, byte: bytes) -> None:
        if not self._passed(byte):
            raise self.unreadable(f"{byte.decode()} is missing")
