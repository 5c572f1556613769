"""The durable record of an invoice period, and the values that bring invoices into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from worker.domain.record import State


class PeriodState(StrEnum):
    """How far a period has come as a whole."""

    #: Its invoices are being written to the store; the event has not been acknowledged.
    REGISTERING = "registering"
    #: Every invoice is in the store; the preflight is due.
    REGISTERED = "registered"
    #: The preflight has checked every invoice that was ``received``.
    CHECKED = "checked"
    #: Checked, and its last certificate found differences that nobody has accepted.
    DIFFERS = "differs"


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlTotal:
    """The sums of the invoices of one currency, as Opter states them."""

    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """An invoice that came again with other content after it had been posted: a person decides."""

    invoice_id: str
    #: The event (``source#id``) that brought the other content.
    event_key: str
    #: The other content, canonical JSON.
    content: str
    at: float
    #: Who accepted it and why, as in "anna: credited by hand"; empty while it waits for a person.
    accepted: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCertificate:
    """A certificate as the store keeps it: its text, and what screens show without reading that."""

    #: For example ``main-p881-c1f0d9a3b2c4e``: the period, and the first digits of the hash.
    id: str
    period: str
    #: When reading began; ISO 8601, UTC.
    at: str
    #: SHA-256 of the text.
    sha256: str
    #: ``Certificate`` as canonical JSON; empty in a list of certificates.
    text: str
    #: Every invoice could be read.
    complete: bool
    #: Differences that a person still has to look at.
    open_differences: int
    #: Invoices that the books hold, by currency with their gross amount: ``DKK 1998 2475310.00``, comma separated.
    books: str


def held(kept: StoredCertificate) -> Mapping[str, tuple[int, Decimal]]:
    """Return by currency how many invoices the books held, and their gross amount."""
    rows = (row.split() for row in kept.books.split(",") if row)
    return {currency: (int(invoices), Decimal(gross)) for currency, invoices, gross in rows}


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedTotals:
    """How much of an export is in the archive."""

    periods: int
    #: Invoices of these periods; one that belongs to two of them counts in both.
    invoices: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodRecord:
    """One invoice period of one export."""

    #: The period's id, for example ``main-p881``.
    id: str
    export: str
    #: Opter's number of the period.
    number: int
    #: Opter's name of the period, for example ``2026-47A``.
    name: str
    region: str | None
    #: ISO 8601 text as the event gave it.
    closed_at: str
    invoice_count: int
    control_totals: tuple[ControlTotal, ...]
    #: Event keys (``source#id``) that brought invoices of this period.
    events: tuple[str, ...] = ()
    state: PeriodState = PeriodState.REGISTERING
    #: The preflight's only message about the whole period; empty when nothing is wrong.
    notice: str = ""
    #: Part of it waits for a second person's yes.
    held: bool = False
    received_at: float = 0.0
    counts: Mapping[State, int] = field(default_factory=dict)
    #: How many of its invoices are in the archive; they count as exported.
    archived: int = 0
    #: Those that wait for a person.
    conflicts: tuple[Conflict, ...] = ()
    #: Those that a person has accepted.
    accepted_conflicts: tuple[Conflict, ...] = ()
    #: The last certificate, without its text; None: the accounting system was never read back.
    certificate: StoredCertificate | None = None

    @property
    def total(self) -> int:
        """Number of invoices of this period in the store."""
        return sum(self.counts.values())

    @property
    def missing(self) -> int:
        """Number of invoices that Opter announced and that were not taken in: broken ones, left in the dead letters."""
        return 0 if self.state is PeriodState.REGISTERING else max(0, self.invoice_count - self.total)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewInvoice:
    """An invoice on its way into the store."""

    id: str
    export: str
    invoice_number: int
    invoice_type: str
    region: str | None
    content: str
    content_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """What registering a chunk of invoices did, by invoice id."""

    added: tuple[str, ...] = ()
    #: Already there with the same content: nothing new.
    known: tuple[str, ...] = ()
    #: Already there with other content, nothing posted yet: replaced, to be checked again.
    replaced: tuple[str, ...] = ()
    #: Already there with other content and posted, or being posted: kept as it was; a person decides.
    conflicts: tuple[str, ...] = ()
