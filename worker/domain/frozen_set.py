"""Which invoices a batch is made of: chosen by what they have in common, counted for a person, frozen when confirmed.

Counted at a moment, and frozen later without those that have moved since: as nothing joins them, as many as were
counted are the very ones that were counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

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
