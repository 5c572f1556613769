"""``events``: events refused as a whole."""

import pytest
from support.cli import Bench

from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.queue import DeadEvent, digest, envelope

RAW = b'{"specversion":"0.9"}'
PROBLEM = Problem(
    reason=EventReason.EVENT_UNSUPPORTED, description="specversion is 0.9.", field="specversion", value="0.9"
)


@pytest.fixture
def refused(bench: Bench) -> str:
    """One refused event; its id."""
    dead = DeadEvent(id=digest(RAW), bytes=len(RAW), at=bench.clock(), problems=(PROBLEM,))
    bench.queue.dead[RAW] = envelope(dead)
    return dead.id


def test_none_refused(bench: Bench) -> None:
    """Exit code 0."""
    assert bench.run("events", "dead", "list") == 0


def test_refused_events_are_listed_with_their_reason(bench: Bench, refused: str) -> None:
    """Exit code 1: a person has to see to it."""
    assert bench.run("events", "dead", "list") == 1
    assert refused in bench.stdout.getvalue()
    assert "specversion is 0.9." in bench.stdout.getvalue()


def test_one_event_in_full_and_its_bytes(bench: Bench, refused: str) -> None:
    """The beginning of the id is enough; --raw gives the bytes as they came."""
    bench.run("events", "dead", "show", refused[:6])
    assert "Send opter.invoice-period.closed.v1 events" in bench.stdout.getvalue()

    bench.run("events", "dead", "show", refused[:6], "--raw")
    assert bench.stdout.getvalue() == RAW.decode()


def test_an_event_goes_back_on_the_queue(bench: Bench, refused: str) -> None:
    """Bytes unchanged, no longer refused."""
    assert bench.run("events", "dead", "requeue", refused) == 0
    assert list(bench.queue.queue) == [RAW]
    assert bench.queue.dead == {}


def test_an_event_is_discarded(bench: Bench, refused: str) -> None:
    """Then nothing waits for a person any more."""
    assert bench.run("events", "dead", "discard", refused[:6], "--why", "") == 2
    assert bench.run("events", "dead", "discard", refused[:6], "--why", "sent again as e-2") == 0
    assert bench.queue.dead == {}
    assert bench.run("events", "dead", "list") == 0


def test_an_unknown_event(bench: Bench) -> None:
    """Exit code 2."""
    assert bench.run("events", "dead", "show", "beef") == 2
