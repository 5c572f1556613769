"""What the invoices of one export share in a process: settings, agreement, store, clock, and what was read before."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from config.exports import ExportConfig
from config.settings_sections import Http
from worker.domain.clocks import ClockReading, gap_text
from worker.domain.ports import PdfSource
from worker.domain.reasons import ProcessReason, failure
from worker.domain.store_port import ExportPort
from worker.economic.mapping.documents import identified
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.port import EconomicVouchers, Usage
from worker.errors import Busy, TooEarly
from worker.workflow.lease_renewal import GiveBack, LeaseRenewal, no_giving_back, no_renewal
from worker.workflow.period_customers import PeriodCustomers

#: Seconds between two lookups that must both find nothing before something is created anew.
SHORTEST = 60.0
#: Witnesses are this many seconds apart and so many at most, so that they reach back further than two lookups.
_APART, _MOST = 15.0, 12
#: A measurement counts this long, in seconds, and twice as much time as it says is given.
_FRESH, _MARGIN = 900.0, 2.0
#: How far a bookkeeper may have moved the date of a voucher: a closed quarter forward, a month back.
_FORWARD, _BACK = timedelta(days=92), timedelta(days=31)
#: Seconds to wait for another thread's scan.
_PATIENCE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class VoucherScan:
    """What one reading of all vouchers found."""

    #: When it began; seconds since the epoch, UTC.
    at: float
    #: The dates of booked entries that it covers.
    first: date
    last: date
    found: Sequence[VoucherFound]

    def of(self, reference: str) -> tuple[VoucherFound, ...]:
        """Return the vouchers of one reference."""
        return tuple(identified([reference], self.found))


@dataclass(kw_only=True)
class VoucherScanCache:
    """Keeps the last scan for ``age`` seconds. Threads may share it: one of them reads, the others wait.

    Vouchers cannot be filtered by their text, so a lookup of one reads as much as a scan of all. After an outage, a
    long pause or a wiped store, thousands of invoices need one.
    """

    age: float = 120.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: VoucherScan | None = None

    def recent(self, economic: EconomicVouchers, day: date, now: float, newer_than: float = 0.0) -> VoucherScan:
        """Return a scan at most ``age`` seconds old, and begun after ``newer_than``, around this day.

        Raises ``Busy`` while another thread's scan takes longer, and what ``EconomicVouchers.vouchers`` raises.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            text = "Another thread is reading e-conomic's vouchers."
            raise Busy(failure(ProcessReason.BUSY, text), retry_after=_PATIENCE)
        try:
            if self._last and self._last.at < newer_than:
                self._last = None
            self._last = self._renewed(economic, day, now)
            return self._last
        finally:
            self._lock.release()

    def _renewed(self, economic: EconomicVouchers, day: date, now: float) -> VoucherScan:
        first, last = span(day, day)
        kept = self._last
        if kept is None or now - kept.at > self.age:
            return _scan(economic, first, last, now)
        if kept.first <= first and last <= kept.last:
            return kept
        return _scan(economic, min(first, kept.first), max(last, kept.last), now)


def span(first: date, last: date) -> tuple[date, date]:
    """Return between which dates the entries of invoices with these dates may be found."""
    return first - _BACK, last + _FORWARD


def _scan(economic: EconomicVouchers, first: date, last: date, now: float) -> VoucherScan:
    return VoucherScan(at=now, first=first, last=last, found=tuple(economic.vouchers(None, first, last)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """A document of ours of which e-conomic has said itself that it exists."""

    reference: str
    #: When that was; the store's time.
    at: float


@dataclass(kw_only=True)
class ListingLag:
    """How far e-conomic's listings lag behind its writes, as one process has seen it of one agreement.

    A listing that does not show a document yet looks like one of an agreement that does not have it. So "not found"
    counts only from a listing that has been seen to show what was created after the doubt arose, or that has had time
    enough: as long as the lag was measured to be, by documents of our own, else the longest that is believed of
    e-conomic. Never less than a minute. Safe to share between threads.
    """

    #: Seconds after which everything is believed to be listed, whatever was measured.
    bound: float = Http().listing_lag_minutes * 60
    _witnesses: deque[Witness] = field(default_factory=lambda: deque(maxlen=_MOST))
    #: Listings have shown what was created at this time.
    _caught_up: float = 0.0
    #: How old a document was, at most, that listings have shown, and when that was seen.
    _measured: tuple[float, float] | None = None

    def created(self, reference: str, at: float) -> None:
        """Take in that e-conomic has just answered with this document as it leaves it for good."""
        if not self._witnesses or at - self._witnesses[-1].at >= _APART or at < self._witnesses[-1].at:
            self._witnesses.append(Witness(reference=reference, at=at))

    def witnesses(self) -> list[str]:
        """Return the references to ask for along with those that matter: no call more."""
        return [witness.reference for witness in tuple(self._witnesses)]

    def seen(self, listed: Collection[str], began: float) -> None:
        """Learn from a listing read since ``began`` (the store's time) that shows these references, normal form."""
        shown = [witness.at for witness in tuple(self._witnesses) if witness.reference in listed]
        missing = [witness.at for witness in tuple(self._witnesses) if witness.reference not in listed]
        if missing and began - min(missing) > self.expected(began):
            self._measured = None
        if shown and (newest := max(shown)) <= began:
            self._caught_up = max(self._caught_up, newest)
            if self._measured is None or began - newest <= self._measured[0] or began - self._measured[1] > _FRESH:
                self._measured = (began - newest, began)

    def expected(self, now: float) -> float:
        """Return how long a lookup has to be apart from the first one to be believed, in seconds."""
        measured = self.measured(now)
        if measured is None:
            return max(self.bound, SHORTEST)
        return min(max(SHORTEST, _MARGIN * measured), max(self.bound, SHORTEST))

    def measured(self, now: float) -> float | None:
        """Return how old a document was, at most, that listings have shown lately, in seconds; None: not known."""
        seen = self._measured
        return seen[0] if seen and 0 <= now - seen[1] <= _FRESH else None

    def enough(self, since: float, began: float) -> bool:
        """Tell whether a listing read since ``began`` proves absence, if an earlier one ended ``since`` without it."""
        caught_up = since <= self._caught_up <= began
        return began - since >= (SHORTEST if caught_up else self.expected(began))


@dataclass(kw_only=True)
class ClockNotes:
    """When this process last noted its clocks in the store. Threads may share it: at worst two note the same."""

    #: Seconds between two notes, as long as nothing changes.
    every: float = 60.0
    _last: tuple[float, bool] | None = None

    def due(self, now: float, *, agree: bool) -> bool:
        """Tell whether to note now; then the next one is due later."""
        if self._last and self._last[1] == agree and 0 <= now - self._last[0] < self.every:
            return False
        self._last = now, agree
        return True


@dataclass(kw_only=True)
class BulkTrial:
    """What this process knows of posting many vouchers by one call."""

    #: Some were read back, equal to their invoices.
    passed: bool = False
    #: Until when each is posted by itself, as e-conomic refused whatever was posted together; the store's time.
    rests_until: float = 0.0


def _unmetered() -> AbstractContextManager[Usage]:
    return nullcontext(Usage())


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportContext:
    """Everything that the export of one invoice needs besides its record."""

    export: ExportConfig
    economic: EconomicVouchers
    store: ExportPort
    #: Where the printed invoices come from.
    pdfs: PdfSource
    #: The store's time, seconds since the epoch, UTC: hosts' own clocks differ, and decide nothing.
    clock: Callable[[], float]
    #: Part of every idempotency key: a copy of this installation must not share keys with it.
    environment: str
    #: Keeps leases while e-conomic, or the wait for its tokens, takes longer than they last.
    lease_renewal: LeaseRenewal = no_renewal
    #: Gives the lease of an execution that the store cut short back, once the store answers again.
    give_back: GiveBack = no_giving_back
    #: Seconds that a key is trusted to be remembered; below e-conomic's hour (e-conomic REST docs, Idempotency).
    key_memory: float = 55 * 60.0
    #: How long a lookup that finds nothing has to wait to be believed.
    listing_lag: ListingLag = field(default_factory=ListingLag)
    #: Seconds that the store's and e-conomic's clock may differ while something is created.
    clock_gap: float = Http().clock_gap
    #: This host's name and its own clock, which decides nothing: its gap to the store's is noted for operators.
    worker: str = ""
    worker_clock: Callable[[], float] | None = None
    clock_notes: ClockNotes = field(default_factory=ClockNotes)
    #: Seconds for which a store that was empty, or may have lost writes, is not believed to know all that was sent.
    young_for: float = 3600.0 + Http().listing_lag_minutes * 60
    #: Counts what this thread's calls to e-conomic cost until the block ends.
    metered: Callable[[], AbstractContextManager[Usage]] = _unmetered
    voucher_scans: VoucherScanCache = field(default_factory=VoucherScanCache)
    bulk_trial: BulkTrial = field(default_factory=BulkTrial)
    #: Whose numbers are proved together.
    period_customers: PeriodCustomers = field(default_factory=PeriodCustomers)

    def remembered_since(self) -> float:
        """Return after what time a key must have been used for e-conomic to remember it still."""
        return self.clock() - self.key_memory

    def for_type(self, invoice_type: str) -> "ExportContext":
        """Return the context for invoices of one type, with what the exports file says of it."""
        export = self.export.for_type(invoice_type)
        return self if export is self.export else replace(self, export=export)

    def check_clocks(self) -> None:
        """Raise ``TooEarly`` while the store's clock is not e-conomic's: ages of keys and lookups would mean nothing.

        Asked before anything is looked up to be created, or created. What was seen is noted in the store, for
        operators. Raises e-conomic's errors and ``StoreUnavailable``.
        """
        gap = self.economic.clock_gap()
        if abs(gap) > self.clock_gap:
            gap = self.economic.clock_gap(anew=True)
        agree = abs(gap) <= self.clock_gap
        self._note_clocks(gap, agree=agree)
        if not agree:
            text = (
                f"e-conomic's clock is {gap_text(gap, 'the clock of Redis')}; at most {self.clock_gap:g} s are "
                "allowed. Nothing is created until they agree."
            )
            raise TooEarly(failure(ProcessReason.CLOCKS_DISAGREE, text), retry_after=self.clock_gap)

    def _note_clocks(self, gap: float, *, agree: bool) -> None:
        now = self.clock()
        if self.clock_notes.due(now, agree=agree):
            reading = ClockReading(
                export=self.export.name,
                worker=self.worker,
                at=now,
                accounting_ahead=gap,
                worker_ahead=self.worker_clock() - now if self.worker_clock else 0.0,
            )
            self.store.note_clocks(reading)
