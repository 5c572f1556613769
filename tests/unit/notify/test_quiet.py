"""Quiet hours: local time decides when a message may be sent."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from support.notifying import ZONE, Bench, channel
from support.store.batch_rules import die

from worker.domain.notices import Kind
from worker.domain.reasons import ProcessReason, failure
from worker.notify.quiet import due_at


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


@pytest.mark.parametrize(
    ("now", "hours", "due"),
    [
        ("2026-11-20T19:59:59", "20:00-07:00", "2026-11-20T19:59:59"),
        ("2026-11-20T20:00:00", "20:00-07:00", "2026-11-21T07:00:00"),
        ("2026-11-21T00:30:00", "20:00-07:00", "2026-11-21T07:00:00"),
        ("2026-11-21T06:59:59", "20:00-07:00", "2026-11-21T07:00:00"),
        ("2026-11-21T07:00:00", "20:00-07:00", "2026-11-21T07:00:00"),
        ("2026-11-21T12:30:00", "12:00-13:00", "2026-11-21T13:00:00"),
        ("2026-11-21T13:00:00", "12:00-13:00", "2026-11-21T13:00:00"),
        ("2026-11-21T03:00:00", "", "2026-11-21T03:00:00"),
        # The night in which the clocks go forward, and the one in which they go back.
        ("2026-03-28T23:00:00", "20:00-07:00", "2026-03-29T07:00:00"),
        ("2026-10-24T23:00:00", "20:00-07:00", "2026-10-25T07:00:00"),
        ("2026-03-29T01:00:00", "20:00-02:30", "2026-03-29T03:30:00"),
    ],
)
def test_what_is_not_urgent_waits_for_the_end(now: str, hours: str, due: str) -> None:
    """From the first minute to the last, also over midnight, and when the clocks change."""
    assert due_at(at(now), Kind.TO_FIX, channel(quiet_hours=hours), ZONE) == at(due)


def test_what_is_urgent_does_not_wait() -> None:
    """A pause stops every invoice."""
    now = at("2026-11-20T23:00:00")
    quiet = channel(quiet_hours="20:00-07:00", urgent=frozenset({"paused"}))

    assert due_at(now, Kind.PAUSED, quiet, ZONE) == now
    assert due_at(now, Kind.RESUMED, quiet, ZONE) == at("2026-11-21T07:00:00")


def test_what_waited_through_the_night_is_one_message() -> None:
    """The gravest gives it its subject."""
    bench = Bench(channel(quiet_hours="20:00-07:00"))
    bench.clock.now = at("2026-11-20T22:00:00")
    bench.look()
    die(bench.store, 1)
    bench.look()
    bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    bench.look(after=300)
    urgent = bench.receiver.subjects()
    bench.clock.now = at("2026-11-21T06:59:00")
    bench.look()
    bench.look(after=61)
    cause = "New cause of failures: Product groups missing in e-conomic: 3010: 1 invoice, 125.00 DKK"

    assert urgent == ["Export main is paused"]
    assert bench.receiver.subjects() == [*urgent, f"{cause}, and 1 more"]
