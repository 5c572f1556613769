"""The sandbox's own time: real time, moved by hand."""

from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Real seconds plus whatever the control path has added."""

    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self._offset = 0.0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._real() + self._offset

    def moment(self) -> datetime:
        """Return the same as a UTC timestamp."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._offset += seconds

    def set(self, seconds: float) -> None:
        """Jump to this time (seconds since the epoch) and run on from there."""
        self._offset = seconds - self._real()

    def reset(self) -> None:
        """Return to real time."""
        self._offset = 0.0
