"""The store as its users need it: one port for each, and all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from worker.domain.clocks import ClockReading
from worker.domain.desk_ports import ActionLogPort, BatchPort, CausePort, NoticePort, PeriodIndexPort
from worker.domain.invoice_period import ArchivedTotals, NewInvoice, PeriodRecord, Registered
from worker.domain.reconcile_ports import AgreementPort, CertificatePort, PaymentsPort, SeriesPort
from worker.domain.record import Intent, InvoiceRecord, State, Transition
from worker.domain.signs_of_life import LifePort, SignOfLife
from worker.errors import Failure

#: Why most executions end without their end.
STORE_AWAY = "the store was away"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclaimed:
    """Why a claim was refused: the invoice's state, or ``paused`` / ``unknown``."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """An invoice for which a Celery message has to be published now."""

    invoice_id: str
    export: str
    #: Its worker was killed: it goes ahead of those that have not begun.
    recovered: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedRecord:
    """The single flight of a customer or product that invoices share."""

    #: The customer's or product's number in the accounting system, once known.
    number: str | None
    #: The write that an earlier holder left without an outcome.
    intent: Intent | None
    #: See ``Progress.generation``.
    generation: int
    #: This holder's fence; stale holders' writes are refused.
    fence: int
    #: When the accounting system last showed that the number is still this customer's; seconds since the epoch.
    proved_at: float = 0.0


class IntakePort(Protocol):
    """What the consumer of the event queue needs."""

    def event_known(self, event_key: str) -> bool:
        """Whether every invoice of this event (``source#id``) was stored before."""

    def event_contents(self, event_key: str) -> frozenset[str]:
        """Return the hashes that the event was closed with; none for one that is not known."""

    def open_period(self, period: PeriodRecord, event_key: str) -> bool:
        """Create the period, or add the event to it; back to ``registering``. Returns whether it is its first event.

        Of the events about one period, the latest of those with the most invoices says what it adds up to.
        """

    def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
        """Write one chunk of invoices as ``received``; any number of repeats leaves the same store.

        Same content again: nothing new (it joins the period). Other content: replaced and ``received`` again while
        nothing of it was sent (no intent, draft or outcome) and nobody exports it; else a ``Conflict`` of the period.
        """

    def close_event(self, period_id: str, event_key: str, contents: frozenset[str] = frozenset()) -> None:
        """Mark the event as stored completely and the period as ``registered``: its preflight is due.

        ``contents`` are hashes of the event's content.
        """


class PreflightPort(Protocol):
    """What the check of a whole period needs."""

    def claim_period(self, period_id: str) -> int | None:
        """Take the period's lease; return its fence, or None when another worker has it or nothing is due."""

    def received(self, period_id: str) -> Iterable[InvoiceRecord]:
        """Yield the period's invoices in state ``received``, in invoice number order."""

    def pass_preflight(  # noqa: PLR0913  # whose check it is, what was read, and the three results
        self,
        period_id: str,
        fence: int,
        *,
        read: Mapping[str, str],
        queued: Sequence[str],
        lookup: frozenset[str],
        dead: Mapping[str, Failure],
    ) -> Sequence[str]:
        """Move invoices on from ``received`` (others are left alone); return the ids now ``queued``.

        ``read`` is each invoice's content hash as it was checked: an invoice whose content was replaced since then
        stays ``received``, and the period stays due.

        Those in ``lookup`` are queued with ``progress.lookup`` set: something of them is in the accounting system
        already, so the export looks it up before it does anything. Raises ``LeaseLost`` when the period's fence is
        stale.
        """

    def finish_preflight(self, period_id: str, fence: int, *, notice: str) -> None:
        """Mark the period ``checked`` unless invoices came in meanwhile, and release its lease."""

    def defer_preflight(self, period_id: str, fence: int, *, until: float, notice: str, held: bool = False) -> None:
        """Release the period's lease; its preflight is due again at ``until``.

        ``held``: it waits for a second person; what was decided, or came in, since its claim makes it due at once.
        """


class ExportPort(Protocol):
    """What the export of one invoice needs."""

    def claim(self, invoice_id: str, task: str = "") -> InvoiceRecord | Unclaimed:
        """Take the lease of a ``queued`` invoice, raising its fence; its record comes back in the same trip.

        The history is left out; it names ``task``, the id of the Celery task that asks, see ``task_of``.
        """

    def claim_others(self, export: str, invoice_type: str, most: int) -> Sequence[InvoiceRecord]:
        """Take the leases of further ``queued`` invoices that may be posted together, those that wait longest.

        Of this type, without a PDF, with nothing sent; none whose worker died, nor any of a paused export.
        """

    def save(self, record: InvoiceRecord, transition: Transition) -> InvoiceRecord:
        """Write the record's progress and apply the transition if ``record.fence`` still holds.

        Raises ``LeaseLost`` otherwise, having written nothing.
        """

    def renew(self, invoice_id: str, fence: int) -> None:
        """Hold the invoice for another lease, changing nothing else. Raises ``LeaseLost`` when the fence is stale."""

    def give_back(self, invoice_id: str, fence: int, *, why: str = STORE_AWAY) -> None:
        """Queue the invoice of an execution that ended too early, unless another has begun since; its history says why.

        No process died: a sweep that counted the silence as a crash meanwhile is corrected, up to a dead letter.
        """

    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        """Return where these invoices stand; those that are not in the store are left out."""

    def open_shared(self, key: str) -> SharedRecord:
        """Look up a shared customer or product, or take its lease. Raises ``Busy`` while another worker has it."""

    def save_shared(self, key: str, shared: SharedRecord) -> None:
        """Record intent, generation or number; a number ends the flight. Raises ``LeaseLost`` when stale."""

    def renew_shared(self, key: str, fence: int) -> None:
        """Hold a shared record for another lease, changing nothing else. Raises ``LeaseLost`` when stale."""

    def release_shared(self, key: str, fence: int) -> None:
        """Give the lease back without a number, so that another worker may try; the intent stays."""

    def shared_numbers(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the numbers that are remembered under these keys; keys without one are left out."""

    def prove_shared(self, numbers: Mapping[str, str]) -> None:
        """Note that these numbers (by key) have just been shown to be right; one that has changed meanwhile is not."""

    def doubt_shared(self, keys: Sequence[str]) -> None:
        """Let the numbers under these keys count as proved no longer; they stay remembered."""

    def forget_shared(self, key: str) -> None:
        """Drop a number that the accounting system no longer knows."""

    def note_clocks(self, reading: ClockReading) -> None:
        """Keep this as the latest that its worker has seen of its export; others are forgotten after an hour."""

    def pause(self, export: str, failure: Failure, *, by: str = "", why: str = "") -> None:
        """Stop claims of this export until resumed; a pause already there keeps its first reason.

        ``by`` and ``why`` are a person's, and logged; empty: the export paused itself.
        """


class SweepPort(Protocol):
    """What the sweeps need."""

    def published(self, invoice_ids: Sequence[str]) -> None:
        """Note that Celery messages for these ``queued`` invoices have been sent now."""

    def sweep(self, *, idle_exports: frozenset[str], limit: int = 500) -> Sequence[Due]:
        """Return what needs a Celery message, moved to ``queued``: expired leases, due retries, lost messages.

        A message counts as lost when it was never published, when invoices published clearly later have already been
        claimed (queues are first in, first out; those that go ahead prove nothing), or when the export's queue is idle
        (empty) for long enough.
        An invoice whose lease ran out too often in a row (its worker was killed each time) becomes a dead letter; on
        their last chance such invoices run apart, so that the one that kills workers takes no other along.
        Invoices of paused exports stay where they are.
        """

    def periods_due(self) -> Sequence[tuple[str, str]]:
        """Return (period id, export) of periods whose preflight is due and claimed by nobody.

        Periods of paused exports wait.
        """


class PinPort(Protocol):
    """Which agreement an export writes to, kept from its first use."""

    def pin(self, export: str, agreement: int) -> int:
        """Return the agreement that the export is pinned to: the first that was ever passed here."""

    def declare_first_use(self, export: str) -> None:
        """Note that nothing can have been sent for the export before; without effect once one of it was passed.

        A store that was never declared so counts as young from the first preflight on: it may have been emptied.
        """


class PlanPort(Protocol):
    """What a plan reads; it changes nothing."""

    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        """Return one record with its whole history."""

    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        """Return where these invoices stand; those that are not in the store are left out."""

    def shared_number(self, key: str) -> str | None:
        """Return the number of a shared customer or product, None when it is not known; takes no lease."""

    def pinned(self, export: str) -> int | None:
        """Return the agreement that the export is pinned to, None when it has written to none yet."""


class OperatorPort(Protocol):
    """What the commands need."""

    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        """Return one record with its whole history."""

    def period(self, period_id: str) -> PeriodRecord | None:
        """Return one period with its counts."""

    def periods(self) -> Sequence[PeriodRecord]:
        """Return all periods, newest first."""

    def archived_totals(self) -> Mapping[str, ArchivedTotals]:
        """Return how much of each export is archived; an export of which nothing is, is left out. No record is read."""

    def archived_periods(self, text: str = "", *, export: str = "") -> Sequence[PeriodRecord]:
        """Return periods that have left for the archive, the last first: of an export, and whose name holds a text.

        ``periods`` leaves them out; ``period``, ``invoice`` and ``invoices`` read them like any other.
        """

    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        """Yield records (history left out) of one period or of all, in one state or in any."""

    def requeue(self, invoice_ids: Sequence[str], *, by: str, why: str = "") -> Sequence[str]:
        """Send dead letters back to ``received``, attempts at zero; return the ids that moved.

        Their progress is kept, and the preflight of their periods is due again.
        """

    def reexport(self, invoice_ids: Sequence[str], *, by: str, why: str = "", by_hand: bool = False) -> Sequence[str]:
        """Send exported invoices back to ``received``, outcome cleared; return the ids that moved.

        Each is looked up in the accounting system before anything else is done, whatever the preflight sees. Those that
        a person declared exported stay where they are unless ``by_hand``: a lookup need not find them.
        """

    def mark_exported(self, invoice_id: str, *, by: str, why: str) -> bool:
        """Mark an invoice as exported by hand; False when it cannot be.

        It must be dead, or not in progress (received, queued, waiting) with nothing of it sent: what may be in the
        accounting system, or is under way to it, has to come to an end first. One that is exported can be marked when
        the last certificate found a difference in it.
        """

    def accept_conflicts(self, period_id: str, invoice_id: str, *, by: str, why: str) -> int:
        """Take an invoice's conflicts in a period for seen; return how many are so with these words.

        Both contents are kept, and what was accepted before keeps its first words.
        """

    def clocks(self) -> Sequence[ClockReading]:
        """Return what workers have seen of the clocks, by export and worker."""

    def pinned(self, export: str) -> int | None:
        """See ``PlanPort``."""

    def agreement_failures(self) -> Mapping[str, Sequence[Failure]]:
        """Return what the last check of each export's agreement found wrong, by export; those without are left out."""

    def signs_of_life(self) -> Sequence[SignOfLife]:
        """Return what was last seen of each process, by part and name."""

    def paused(self) -> Mapping[str, Failure]:
        """Return the paused exports and why."""

    def resume(self, export: str, *, by: str = "", why: str = "") -> bool:
        """Lift a pause; False when there was none. ``by`` is a person, and logged; empty: it was lifted by itself."""

    def resume_later(self, export: str, *, by: str, why: str, after: float) -> bool:
        """Have the sweeps lift the pause that is there after so many seconds, as ``resume`` does; False: none is there.

        Lifted before, it is not lifted again: a later pause stays.
        """


class Store(
    IntakePort,
    PreflightPort,
    ExportPort,
    SweepPort,
    LifePort,
    OperatorPort,
    PeriodIndexPort,
    PinPort,
    PlanPort,
    CertificatePort,
    SeriesPort,
    PaymentsPort,
    AgreementPort,
    ActionLogPort,
    CausePort,
    BatchPort,
    NoticePort,
    Protocol,
):
    """Every part of the store in one object."""
