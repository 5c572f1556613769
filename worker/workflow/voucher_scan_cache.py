"""One look over all vouchers, shared by the invoices of a process.

Vouchers cannot be filtered by their text, so a look for one of them reads as much as a look for all. After an outage,
a long pause or a wiped ledger, thousands of invoices need one.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from worker.domain.reasons import ProcessReason, failure
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.port import EconomicVouchers
from worker.errors import Busy

#: How far a bookkeeper may have moved the date of a voucher: a closed quarter forward, a month back.
_FORWARD, _BACK = timedelta(days=92), timedelta(days=31)
#: Seconds to wait in a slot for another thread's look.
_PATIENCE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class VoucherScan:
    """What one look found."""

    #: When it began; seconds since the epoch, UTC.
    at: float
    #: The dates of booked entries that it covers.
    first: date
    last: date
    found: Sequence[VoucherFound]

    def of(self, reference: str) -> tuple[VoucherFound, ...]:
        """Return the vouchers of one reference."""
        return tuple(one for one in self.found if one.document_reference == reference)


@dataclass(kw_only=True)
class VoucherScanCache:
    """Remembers the last look over everything for ``age`` seconds. Threads may share it: one looks, the others wait."""

    age: float = 120.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: VoucherScan | None = None

    def recent(self, economic: EconomicVouchers, day: date, now: float) -> VoucherScan:
        """Return a look at most ``age`` seconds old around this day.

        Raises ``Busy`` while another thread looks for longer, and what ``EconomicVouchers.vouchers`` raises.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            text = "Another thread is looking through e-conomic's vouchers."
            raise Busy(failure(ProcessReason.BUSY, text), retry_after=_PATIENCE)
        try:
            self._last = self._renewed(economic, day, now)
            return self._last
        finally:
            self._lock.release()

    def _renewed(self, economic: EconomicVouchers, day: date, now: float) -> VoucherScan:
        first, last = span(day, day)
        kept = self._last
        if kept is None or now - kept.at > self.age:
            return _look(economic, first, last, now)
        if kept.first <= first and last <= kept.last:
            return kept
        return _look(economic, min(first, kept.first), max(last, kept.last), now)


def span(first: date, last: date) -> tuple[date, date]:
    """Return between which dates the entries of invoices with these dates may be found."""
    return first - _BACK, last + _FORWARD


def _look(economic: EconomicVouchers, first: date, last: date, now: float) -> VoucherScan:
    return VoucherScan(at=now, first=first, last=last, found=tuple(economic.vouchers(None, first, last)))
