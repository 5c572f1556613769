"""What one job spends at e-conomic, for its one log line."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """The running sum of one job."""

    #: HTTP requests tried.
    calls: int = 0
    #: Rate tokens that they cost (``X-CallCost``, or the estimate where e-conomic did not say).
    tokens: float = 0.0


class Meters:
    """The current job's meter of each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def metered(self) -> Iterator[Meter]:
        """Count this thread's calls until the block ends."""
        before = getattr(self._local, "meter", None)
        self._local.meter = meter = Meter()
        try:
            yield meter
        finally:
            self._local.meter = before

    @property
    def begun(self) -> bool:
        """Whether this thread's job has made a call."""
        meter: Meter | None = getattr(self._local, "meter", None)
        return meter is not None and meter.calls > 0

    def count(self, tokens: float) -> None:
        """Add one call of this thread."""
        meter: Meter | None = getattr(self._local, "meter", None)
        if meter is not None:
            meter.calls += 1
            meter.tokens += tokens
