"""Every request the sandbox has seen, and what was wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from worker.sandbox.state import Finding


@dataclass(kw_only=True, slots=True)
class Entry:
    """One request."""

    #: Counted from 1.
    n: int
    #: Arrival, seconds since the epoch on the sandbox's clock.
    at: float
    method: str
    #: Path and query as sent.
    path: str
    #: Status of the answer; 0 while in flight and for a connection dropped without an answer.
    status: int = 0
    #: Number of the agreement; 0 when the tokens belong to none.
    agreement: int = 0
    idempotency_key: str = ""
    #: Whether the answer came from the key memory.
    replayed: bool = False
    #: What the fault script did to it; empty for nothing.
    fault: str = ""
    #: Parsed JSON body, None for none or an upload.
    body: Any = None


class RequestLog:
    """The requests in order of arrival, with the findings."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []

    def open(self, *, at: float, method: str, path: str, key: str) -> Entry:
        """Start the record of a request."""
        entry = Entry(n=len(self.entries) + 1, at=at, method=method, path=path, idempotency_key=key)
        self.entries.append(entry)
        return entry

    def add_findings(self, entry: Entry, sentences: Iterable[str]) -> None:
        """Record what was wrong with a request, a sentence each."""
        self.findings.extend(
            Finding(call=entry.n, method=entry.method, path=entry.path, what=sentence) for sentence in sentences
        )
