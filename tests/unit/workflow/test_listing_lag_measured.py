"""When a listing that shows nothing is believed."""

import pytest

from worker.workflow.context import SHORTEST, ListingLag

#: When the first lookup found nothing.
SINCE = 1_800_000_000.0


def test_without_a_measurement_the_bound_counts() -> None:
    """Nothing was seen, so the longest lag that is believed of e-conomic has to pass."""
    lag = ListingLag(bound=600.0)

    assert [lag.enough(SINCE, SINCE + seconds) for seconds in (60.0, 599.0, 600.0)] == [False, False, True]


def test_a_listing_that_shows_what_was_created_since_is_believed() -> None:
    """It has caught up with the time of the doubt; but never after less than a minute."""
    lag = ListingLag(bound=600.0)
    lag.created("main-2", SINCE + 1)
    lag.seen({"main-2"}, SINCE + SHORTEST)

    assert [lag.enough(SINCE, SINCE + seconds) for seconds in (59.0, 60.0)] == [False, True]


def test_a_listing_that_does_not_show_what_was_created_since_is_not_believed() -> None:
    """It lags by more than a minute: what was measured before no longer counts, what it shows now does."""
    lag = ListingLag(bound=600.0)
    lag.created("main-1", SINCE - 20)
    lag.seen({"main-1"}, SINCE - 15)
    lag.created("main-2", SINCE + 1)
    lag.seen({"main-1"}, SINCE + 62)

    assert [lag.enough(SINCE, SINCE + seconds) for seconds in (62.0, 163.0, 164.0)] == [False, False, True]


@pytest.mark.parametrize(("age", "wait"), [(2.0, 60.0), (45.0, 90.0), (200.0, 400.0), (500.0, 600.0)])
def test_the_distance_adapts_to_the_lag_that_was_seen(age: float, wait: float) -> None:
    """Twice the age at which a document was seen: no less than a minute, no more than the bound."""
    lag = ListingLag(bound=600.0)
    lag.created("main-1", SINCE - age)
    lag.seen({"main-1"}, SINCE)

    assert lag.expected(SINCE) == wait


def test_an_old_measurement_counts_no_more() -> None:
    """The lag of an hour ago says nothing about now."""
    lag = ListingLag(bound=600.0)
    lag.created("main-1", SINCE - 3602)
    lag.seen({"main-1"}, SINCE - 3600)

    assert lag.expected(SINCE) == 600.0
