"""The runtime of a process while tasks use it: it may be exchanged, and the old one is closed after its last task."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from worker.runtime.runtime import Runtime


class RuntimeInUse:
    """Built at its first use; used by any number of threads."""

    def __init__(self, build: Callable[[], Runtime]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        #: Tasks that use a runtime, by its identity, and those that were exchanged meanwhile.
        self._users: Counter[int] = Counter()
        self._exchanged: dict[int, Runtime] = {}

    @property
    def current(self) -> Runtime:
        """The runtime; who keeps it for longer than the process runs unchanged takes ``using``."""
        with self._lock:
            return self._current()

    @contextmanager
    def using(self) -> Iterator[Runtime]:
        """Give the runtime; it stays open for as long as the block."""
        with self._lock:
            runtime = self._current()
            self._users[id(runtime)] += 1
        try:
            yield runtime
        finally:
            with self._lock:
                self._users[id(runtime)] -= 1
                over = self._exchanged.pop(id(runtime), None) if not self._users[id(runtime)] else None
            if over is not None:
                over.close()

    def exchange(self) -> None:
        """Build the runtime anew for all tasks to come."""
        runtime = self._build()
        with self._lock:
            before, self._runtime = self._runtime, runtime
            if before is not None and self._users[id(before)]:
                self._exchanged[id(before)] = before
                before = None
        if before is not None:
            before.close()

    def drop(self) -> None:
        """Forget the runtime without closing it: its sockets belong to the process that this one was forked from."""
        self._runtime = None

    def close(self) -> None:
        """Close the runtime, if there is one."""
        with self._lock:
            runtime, self._runtime = self._runtime, None
        if runtime is not None:
            runtime.close()

    def _current(self) -> Runtime:
        if self._runtime is None:
            self._runtime = self._build()
        return self._runtime
