"""Which invoices a batch is made of: chosen by what they have in common, counted for a person, frozen when confirmed.

Counted at a moment, and frozen later without those that have moved since: as nothing joins them, as many as were
counted are the very ones that were counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from worker.domain.invoice_search import InvoiceFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """All invoices of a period in ``wanted.state`` that fit; with a cause, all of its dead letters instead."""

    export: str
    period: str = ""
    wanted: InvoiceFilter = field(default_factory=InvoiceFilter)
    cause: str = ""
    #: Whether one that moves on after it was frozen is to be moved all the same.
    anyway: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedInvoices:
    """How many invoices are chosen, and what they are worth."""

    invoices: int
    #: Currency -> gross, credit notes counted by their size.
    at_stake: Mapping[str, Decimal]
    #: The store's time before they were counted (seconds since the epoch, UTC): what has moved since is none of them.
    at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenSet:
    """A set as it was frozen."""

    id: str
    invoices: int
    #: Currency -> gross, credit notes counted by their size; nothing of a set that was passed in.
    at_stake: Mapping[str, Decimal]
    #: Name of exactly this set.
    digest: str


class FrozenSetPort(Protocol):
    """Sets of invoices, each with the time of its last transition when it was frozen (0: whatever it is).

    A set is forgotten after an hour, unless it is held or a batch begins with it.
    """

    def counted(self, choice: Choice) -> CountedInvoices:
        """Count what a choice would freeze, without reading it wherever sums are kept."""

    def freeze(self, set_id: str, choice: Choice, *, at: float) -> FrozenSet:
        """Freeze what is chosen and has not moved since ``at``."""

    def freeze_members(self, set_id: str, members: Sequence[tuple[str, float]]) -> FrozenSet:
        """Freeze these. A repeat with the same id and members changes nothing."""

    def hold_frozen(self, set_id: str, *, seconds: float) -> None:
        """Keep a set for so long."""

    def frozen_members(self, set_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        """Return members of a set in its order; -1: all from ``start`` on."""

    def still_frozen(self, set_id: str) -> int:
        """Return how many of a set have not moved since it was frozen."""
