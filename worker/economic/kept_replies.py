"""The answers of a reading that broke off, kept for a short time so that its next try goes on where it stood."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class KeptReplies:
    """What one reading has had answered so far; its reads may be made side by side, each of another path.

    A path that a reading asks for twice (pages are read until two readings agree) is answered twice.
    """

    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Seconds for which an answer is kept: far below the time for which a fruitless lookup allows a create.
    age: float = 60.0
    _answers: dict[tuple[str, int], tuple[float, object]] = field(default_factory=dict)
    #: How often the try that is under way has asked for a path.
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._answers)

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Answer the reads of this context with what is kept, and keep what is read, until the block ends."""
        oldest = self.clock() - self.age
        self._answers = {key: kept for key, kept in self._answers.items() if kept[0] >= oldest}
        self._asked.clear()
        token = _kept.set(self)
        try:
            yield
        finally:
            _kept.reset(token)

    def answer(self, path: str, read: Callable[[], T]) -> T:
        """Return what is kept for this path, else what ``read`` returns."""
        with self._lock:
            self._asked[path] += 1
            key = (path, self._asked[path])
        if key not in self._answers:
            at = self.clock()
            self._answers[key] = (at, read())
        return self._answers[key][1]  # type: ignore[return-value]  # what this path was answered before


_kept: ContextVar[KeptReplies | None] = ContextVar("kept", default=None)


def kept_or_read(path: str, read: Callable[[], T]) -> T:
    """Return what ``read`` returns, or what it has returned to the try before of this context's reading."""
    kept = _kept.get()
    return read() if kept is None else kept.answer(path, read)
