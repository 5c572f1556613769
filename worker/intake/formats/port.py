"""The port of a format: bytes of one file in, invoices in the event's spelling out, one at a time.

A reader decides nothing: whatever it yields is checked exactly as an invoice of an event. It does no I/O of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from worker.domain.sums import Problem
from worker.intake.formats.mapping import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundHead:
    """What a file says about its period: members of an event's ``data``, without the invoices."""

    fields: dict[str, object]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundInvoice:
    """One invoice as the file gives it."""

    #: Where it stands, for people: ``line 7``, or a path of elements with its line.
    within: str
    #: The invoice in the event's spelling; unchecked.
    fields: dict[str, object]
    #: What could not be read; the invoice is then refused, whatever else is in it.
    problems: tuple[Problem, ...] = ()
    #: The printed invoice, where the file holds it.
    pdf: bytes | None = None


Found = FoundHead | FoundInvoice


class FormatReader(Protocol):
    """Reads one format."""

    def __call__(self, file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
        """Yield what the file holds, in its order. Raises ``EventRefused`` where nothing more can be read."""
