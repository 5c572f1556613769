"""How writes end of which nobody knew whether they took effect: what the canonical line says, and figures count."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog
from support.harness import Harness, Killed
from support.invoice_harness import sample

#: The key of a write is trusted for 55 minutes.
HOURS = 2 * 3600.0

Answer = Callable[[httpx.Request], httpx.Response]
Around = Callable[[httpx.Request, Answer], httpx.Response]


def _once(fault: Around) -> Around:
    """Meet the first create with this fault, and leave everything else alone."""
    met: list[httpx.Request] = []

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        if request.method == "POST" and request.url.path == "/invoices/drafts" and not met:
            met.append(request)
            return fault(request, answer)
        return answer(request)

    return around


def _lost_answer(request: httpx.Request, answer: Answer) -> httpx.Response:
    answer(request)
    raise httpx.ReadTimeout("the answer was lost", request=request)


def _lost_request(request: httpx.Request, _: Answer) -> httpx.Response:
    raise httpx.ReadTimeout("the request was lost", request=request)


def _killed(request: httpx.Request, answer: Answer) -> httpx.Response:
    answer(request)
    raise Killed


def _lines(harness: Harness, *, later: float) -> list[Any]:
    """Return what the lines of all executions say; ``later`` seconds lie between the first and the second."""
    with structlog.testing.capture_logs() as logs:
        harness.close_period(sample())
        harness.check()
        try:
            harness.deliver()
        except Killed:
            harness.hire()
        harness.clock.advance(later)
        harness.sweep()
        harness.until_rest()
    lines = [line for line in logs if line["event"] == "invoice_export"]
    return [(line["result"], line.get("reason"), line.get("uncertain")) for line in lines]


@pytest.mark.parametrize(
    ("fault", "later", "ended"),
    [
        (_lost_answer, 60.0, "replayed"),
        (_lost_request, 60.0, "sent-again"),
        (_lost_answer, HOURS, "found"),
        (_lost_request, HOURS, "created"),
    ],
)
def test_the_line_says_how_a_doubt_ended(fault: Around, later: float, ended: str) -> None:
    """By the key while e-conomic remembers it, by a lookup afterwards; the line in which it began names no end."""
    harness = Harness()
    harness.around_http = _once(fault)

    first, *others = _lines(harness, later=later)

    assert first == ("waiting", "outcome-unknown", None)
    assert [line[2] for line in others if line[2] != "open"] == [ended]
    assert others[-1][0] == "exported"


def test_the_doubt_of_a_worker_that_was_killed_ends_in_another_ones_line() -> None:
    """Nobody saw it begin; that it ended is said all the same."""
    harness = Harness()
    harness.around_http = _once(_killed)

    assert _lines(harness, later=600.0) == [("exported", None, "replayed")]


def test_an_export_without_doubt_says_nothing_of_it() -> None:
    """The usual line."""
    assert _lines(Harness(), later=0.0) == [("exported", None, None)]
