"""What the memory store keeps."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from config.names import export_of
from worker.domain.action_log import MOST_NAMED, Act, LogEntry
from worker.domain.agreement import AgreementState
from worker.domain.batch import NewBatch
from worker.domain.causes import CauseAnswer
from worker.domain.certificate import Acceptance, Finding
from worker.domain.clocks import ClockReading
from worker.domain.invoice_period import Conflict, PeriodRecord, PeriodState, StoredCertificate
from worker.domain.notices import OpenCondition
from worker.domain.number_series import Explanation
from worker.domain.payments import PaymentRun, ReportedPayments
from worker.domain.record import HistoryEntry, InvoiceRecord, State
from worker.domain.signs_of_life import FileNotTaken, Part
from worker.domain.store_port import SharedRecord
from worker.errors import Failure
from worker.store.connection import StorePolicy


@dataclass(kw_only=True, slots=True)
class Entry:
    """An invoice's record without its history, and what is kept beside it."""

    record: InvoiceRecord
    history: list[HistoryEntry] = field(default_factory=list)
    #: When its first message since it was queued was published; 0 for none.
    first_published_at: float = 0.0
    #: Since when it is queued without a message; 0 when its message was used up.
    unsent_since: float = 0.0


@dataclass(kw_only=True, slots=True)
class PeriodEntry:
    """A period without its counts, and what is kept beside it."""

    record: PeriodRecord
    members: set[str] = field(default_factory=set)
    conflicts: dict[tuple[str, str], Conflict] = field(default_factory=dict)
    fence: int = 0
    lease_until: float = 0.0
    due_at: float = 0.0
    #: Rises with everything that comes in; the preflight remembers which one it has seen.
    revision: int = 0
    seen: int = 0
    certificates: list[StoredCertificate] = field(default_factory=list)
    #: By invoice: what the last certificate left to a person, and what persons have accepted.
    differences: dict[str, Finding] = field(default_factory=dict)
    accepted: dict[str, Acceptance] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Shared:
    """A shared creation and its lease."""

    creation: SharedRecord
    lease_until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSet:
    """A frozen set, and until when it is kept."""

    members: Sequence[tuple[str, float]]
    until: float


@dataclass(kw_only=True, slots=True)
class BatchEntry:
    """A batch and what became of its invoices."""

    ordered: NewBatch
    confirmed_at: float
    members: Sequence[tuple[str, float]]
    state: str = "running"
    ended_at: float = 0.0
    begun: int = 0
    out: list[str] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)
    cancelled_by: str = ""


@dataclass(kw_only=True, slots=True)
class CauseEntry:
    """What was asked of a cause that dead letters have."""

    failure: Failure
    due_at: float
    answer: CauseAnswer | None = None
    pause: float = 0.0


class Tables:
    """Everything of one memory store, behind one lock."""

    def __init__(self, *, policy: StorePolicy, clock: Callable[[], float]) -> None:
        self.policy = policy
        self.now = clock
        self.lock = threading.RLock()
        self.entries: dict[str, Entry] = {}
        self.period_entries: dict[str, PeriodEntry] = {}
        self.events: set[str] = set()
        self.contents_of_events: dict[str, frozenset[str]] = {}
        self.pauses: dict[str, Failure] = {}
        #: By export and worker: what it has seen of the clocks.
        self.clock_readings: dict[str, ClockReading] = {}
        #: By part and name: when a process was last seen.
        self.lives: dict[tuple[Part, str], float] = {}
        #: The same: why it does not use the exports file as it is.
        self.files_not_taken: dict[tuple[Part, str], FileNotTaken | None] = {}
        #: By export: the agreement of its first use.
        self.pins: dict[str, int] = {}
        #: By export: since when nothing of it was lost; 0: always.
        self.whole: dict[str, float] = {}
        self.shared: dict[str, Shared] = {}
        #: By period: when its certificate is due.
        self.reconciles: dict[str, float] = {}
        #: By export: why numbers never came.
        self.explained: dict[str, list[Explanation]] = {}
        #: By export: what was reported to Opter of payments, and the last run.
        self.payments_reported: dict[str, dict[str, ReportedPayments]] = {}
        self.payment_runs: dict[str, PaymentRun] = {}
        #: By export: what the last check of its agreement came to, and when the next one is due.
        self.agreement_states: dict[str, AgreementState] = {}
        self.agreements_due: dict[str, float] = {}
        #: By id: batches; causes that dead letters have; invoices that a batch of self-clearing held, by cause.
        self.batch_entries: dict[str, BatchEntry] = {}
        #: Frozen sets by id.
        self.frozen: dict[str, KeptSet] = {}
        self.cause_entries: dict[str, CauseEntry] = {}
        self.cleared: dict[str, set[str]] = {}
        #: By export: when its causes may be taken again; when its pause may be asked about, and after which wait.
        self.causes_taken: dict[str, float] = {}
        self.pause_probes: dict[str, tuple[float, float]] = {}
        #: Export -> when its pause is to be lifted, and by whose name and why.
        self.resume_orders: dict[str, tuple[float, str, str]] = {}
        #: Nights for which certificates were made due.
        self.nights: set[str] = set()
        #: By export: when the next invoice on its last chance may run.
        self.alone: dict[str, float] = {}
        #: By export: how far its queue has come, as the publication time of a claimed message.
        self.reached: dict[str, float] = {}
        #: The log of actions, oldest first.
        self.logged: list[LogEntry] = []
        #: What people are told: whether anything was looked at, what is open, was, was told once, periods as seen.
        self.notices_begun = False
        self.notices_open: dict[str, OpenCondition] = {}
        self.notices_past: set[str] = set()
        self.notices_told: set[str] = set()
        self.notices_seen: dict[str, str] = {}
        self.notice_number = 0
        #: By channel: what waits there.
        self.boxes: dict[str, Any] = {}
        #: Executions, by invoice and fence, whose lease was given back.
        self.given_back: set[tuple[str, int]] = set()

    def note(self, invoice_id: str, event: str, detail: str = "") -> None:
        """Append to an invoice's history."""
        self.entries[invoice_id].history.append(HistoryEntry(at=self.now(), event=event, detail=detail))

    def move(self, invoice_id: str, to: State, event: str, detail: str = "", **changes: Any) -> InvoiceRecord:
        """Apply a transition: the one way to change a state."""
        entry, now = self.entries[invoice_id], self.now()
        still = {"lease_until": 0.0, "due_at": 0.0, "published_at": 0.0, "updated_at": now}
        entry.record = replace(entry.record, **{**still, "state": to, **changes})
        entry.first_published_at, entry.unsent_since = 0.0, now
        self.note(invoice_id, event, detail)
        return entry.record

    def act(self, what: Act | str, who: str, why: str, export: str, of: Sequence[str]) -> None:
        """Log what a person did."""
        self.logged.append(
            LogEntry(
                at=self.now(),
                who=who,
                what=str(what),
                why=why,
                export=export,
                of=tuple(of[:MOST_NAMED]),
                count=len(of),
                place=len(self.logged),
            )
        )

    def lift(self, export: str, by: str, why: str) -> bool:
        """Lift a pause, and with it what was ordered about it."""
        self.pause_probes.pop(export, None)
        self.resume_orders.pop(export, None)
        lifted = self.pauses.pop(export, None) is not None
        if lifted and by:
            self.act(Act.RESUME, by, why, export, [export])
        return lifted

    def act_on_invoices(self, what: Act, who: str, why: str, ids: Sequence[str]) -> None:
        """Log what a person did to invoices, one entry for each export."""
        for export in dict.fromkeys(map(export_of, ids)):
            self.act(what, who, why, export, [key for key in ids if export_of(key) == export])

    def call_for_preflight(self, period_id: str) -> None:
        """Make a period's preflight due, unless more of it is just being written."""
        entry = self.period_entries[period_id]
        entry.revision += 1
        if entry.record.state is not PeriodState.REGISTERING:
            entry.record = replace(entry.record, state=PeriodState.REGISTERED)
            entry.due_at = self.now()

    def members(self, period_id: str) -> Iterator[InvoiceRecord]:
        """Yield a period's records in invoice number order."""
        entry = self.period_entries.get(period_id)
        records = [self.entries[key].record for key in entry.members] if entry else []
        yield from sorted(records, key=lambda record: (record.invoice_number, record.id))
