"""Hostile successes: every write answered with 200 and a body about something else, carried out or not."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.chaos.end_state import check_end_state
from support.chaos.scenarios import Scenario

Body = Mapping[str, Any]
#: Another customer of the sandbox's seed.
_ANOTHER = {"customerNumber": 1002, "name": "Bjergby Tømrerfirma ApS", "corporateIdentificationNumber": "99000037"}
#: What is answered, by its name in a report.
WRONG_BODIES: Mapping[str, Callable[[Body], Any]] = {
    "nothing": lambda _: None,
    "an empty object": lambda _: {},
    "a list": lambda _: [],
    "any JSON": lambda _: {"status": "ok", "id": 1},
    "another customer": lambda body: {**body, **_ANOTHER, "customer": {"customerNumber": 1002}},
    "no reference": lambda body: {**body, "references": {}},
    "another's reference": lambda body: {**body, "references": {"other": "main-7"}},
    "another's number": lambda body: {**body, "draftInvoiceNumber": 77, "bookedInvoiceNumber": 77},
    "other amounts": lambda body: {**body, "netAmount": 1.0, "grossAmount": 1.25},
    "another currency": lambda body: {**body, "currency": "GBP"},
    "another date": lambda body: {**body, "date": "2026-01-31"},
    "another's attachment": lambda _: {"pages": 3, "self": "https://x/journals/1/vouchers/2026-7/attachment"},
}


@dataclass(frozen=True, kw_only=True)
class WrongBody:
    """One write of a scenario, and the body that answers it."""

    #: Which of the scenario's writes, counted from 1.
    write: int
    body: str
    #: Whether e-conomic carried the request out.
    carried_out: bool
    #: How many writes are answered so, from this one on.
    times: int = 1

    def __str__(self) -> str:
        done = "carried out" if self.carried_out else "not carried out"
        return f"write {self.write} answered with {self.body} ({done}, {self.times} times)"


@dataclass(kw_only=True)
class _Answering:
    wrong: WrongBody | None = None
    writes: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method == "GET":
            return answer(request)
        self.writes.append(f"{request.method} {request.url.path}")
        wrong = self.wrong
        if wrong is None or not wrong.write <= len(self.writes) < wrong.write + wrong.times:
            return answer(request)
        found = answer(request) if wrong.carried_out else None
        if found is not None and found.status_code >= 400:  # a refusal stays one
            return found
        right = json.loads(found.content) if found is not None and found.content else {}
        body = WRONG_BODIES[wrong.body](right if isinstance(right, dict) else {})
        return httpx.Response(200, request=request, **({} if body is None else {"json": body}))


def every_wrong_body(scenario: Scenario) -> Iterator[WrongBody]:
    """Yield every body at every write of the scenario, once and three times in a row."""
    harness = scenario.harness()
    plain = _Answering()
    harness.around_http = plain
    harness.until_rest()
    for write in range(1, len(plain.writes) + 1):
        for body in WRONG_BODIES:
            for carried_out in (True, False):
                for times in (1, 3):
                    yield WrongBody(write=write, body=body, carried_out=carried_out, times=times)


def play(scenario: Scenario, wrong: WrongBody) -> list[str]:
    """Return what was wrong in the end: something lost, doubled, unequal, misdirected or left behind."""
    harness = scenario.harness()
    harness.around_http = _Answering(wrong=wrong)
    try:
        harness.until_rest(most=2000)
    except AssertionError as error:
        return [str(error)]
    return check_end_state(harness, scenario, excused=False)
