"""What a worker has seen of the clocks: its own and the accounting system's, held against the one that decides."""

from dataclasses import dataclass

#: Gaps below this many seconds are told in seconds.
_SHORT = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockReading:
    """One worker's comparison for one export."""

    export: str
    #: Name of the worker's host.
    worker: str
    #: When it was made: the store's time, seconds since the epoch, UTC.
    at: float
    #: Seconds that the accounting system's clock is ahead of the store's for certain (negative: behind).
    accounting_ahead: float
    #: Seconds that the worker's own clock is ahead of the store's; it decides nothing.
    worker_ahead: float


def gap_text(seconds: float, other: str) -> str:
    """Return a gap to another clock in words: ``2 h 0 min ahead of X``, ``70 s behind X``."""
    return f"{gap_size(seconds)} {'behind' if seconds < 0 else 'ahead of'} {other}"


def gap_size(seconds: float) -> str:
    """Return how wide a gap is: ``2 h 0 min``, ``70 s``."""
    size = round(abs(seconds))
    return f"{size} s" if size < _SHORT else f"{size // 3600} h {size % 3600 // 60} min"
