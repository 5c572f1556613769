"""The fault script: which calls go wrong, and how. Seeded, so that a storm can be repeated."""

import math
import random
from collections.abc import Callable
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """One line of the script."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: ``METHOD /path`` as called or as the template, ``*`` matching anything: ``POST /invoices/booked``.
    route: str = "*"
    #: Only calls to the agreement with this number; None: to any.
    agreement: int | None = None
    #: Only calls whose body holds this text.
    body_contains: str = ""
    #: The first matching call that it may strike, counted from 1.
    nth: int = Field(default=1, ge=1)
    #: How many calls it strikes at most; None: all that follow.
    times: int | None = Field(default=1, ge=1)
    #: Seconds of the sandbox's clock after which it strikes no more; None: no end.
    lasts: float | None = Field(default=None, gt=0)
    #: Chance that it strikes a call.
    probability: float = Field(default=1.0, ge=0, le=1)
    #: Seed of that chance.
    seed: int = 0
    #: ``before``: nothing is processed; ``after``: it is, and only the answer suffers. ``half`` and ``garbage`` are
    #: always after.
    when: Literal["before", "after"] = "before"
    #: ``drop`` closes the connection without an answer; ``half`` within the answer's body; ``body`` puts another body
    #: into a success, or invents the success; ``delay`` only waits.
    action: Literal["status", "drop", "half", "garbage", "body", "delay"] = "status"
    #: What is answered under ``body``; None: nothing.
    body: Any = None
    #: Status of the answer under ``status``.
    status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE
    #: Real seconds to wait, whatever the action.
    delay: float = Field(default=0.0, ge=0)
    #: ``Retry-After`` of the answer, in seconds.
    retry_after: int | None = None
    #: Whether the status is remembered under the idempotency key, subject to the switches; None: only a 500, which the
    #: application itself answers (429, 502, 503 and 504 come from the gateway before it).
    remember: bool | None = None

    @property
    def by_application(self) -> bool:
        """Whether the faulty status passes through the key memory."""
        if self.action != "status":
            return False
        return self.status == HTTPStatus.INTERNAL_SERVER_ERROR if self.remember is None else self.remember

    @property
    def refuses(self) -> bool:
        """Whether the call never reaches the application."""
        return self.when == "before" and self.action in {"status", "drop", "body"} and not self.by_application


class FaultScript:
    """Every line with its count."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        """``now``: seconds, from any beginning."""
        self._now = now
        self._lines: list[_Line] = []

    def add(self, fault: Fault) -> None:
        """Append a line; the first line that strikes wins."""
        self._lines.append(_Line(fault, end=math.inf if fault.lasts is None else self._now() + fault.lasts))

    def clear(self) -> None:
        """Forget every line."""
        self._lines.clear()

    def next(self, method: str, path: str, template: str, body: bytes, *, agreement: int) -> Fault | None:
        """Return what strikes this call."""
        struck, now = None, self._now()
        for line in self._lines:
            ours = line.fault.agreement in (None, agreement) and now < line.end
            if ours and line.matches(method, path, template, body) and line.strikes(free=struck is None):
                struck = line.fault
        return struck

    def report(self) -> list[dict[str, object]]:
        """Return every line with the calls it has seen and struck."""
        return [line.fault.model_dump(mode="json") | {"seen": line.seen, "struck": line.struck} for line in self._lines]


class _Line:
    def __init__(self, fault: Fault, *, end: float) -> None:
        self.fault = fault
        self.end = end
        self.seen = 0
        self.struck = 0
        self._chance = random.Random(fault.seed)  # noqa: S311 -- a repeatable storm, not a secret

    def matches(self, method: str, path: str, template: str, body: bytes) -> bool:
        pattern = self.fault.route
        called = fnmatchcase(f"{method} {path}", pattern) or pattern == f"{method} {template}"
        return called and self.fault.body_contains.encode() in body

    def strikes(self, *, free: bool) -> bool:
        self.seen += 1
        fault = self.fault
        exhausted = fault.times is not None and self.struck >= fault.times
        if not free or exhausted or self.seen < fault.nth or self._chance.random() >= fault.probability:
            return False
        self.struck += 1
        return True
