"""Corrections and the invoices that they credit."""

import pytest
from support.samples import export, invoice

from config.export_schema import Corrections
from worker.domain.export_rules import is_on_hold, original_references, patience, standing
from worker.domain.record import State

DAY = 86_400.0


@pytest.mark.parametrize(("region", "expected"), [(None, "main-7"), ("DK1", "main-DK1-7")])
def test_where_an_original_may_be(region: str | None, expected: str) -> None:
    """In the correction's own export and region."""
    assert original_references(invoice(credits_invoice_number=7), export(), region) == (expected,)


def test_where_an_original_may_be_in_series_by_type() -> None:
    """The correction does not say its original's series: any type but corrections, invoices first."""
    found = original_references(invoice(credits_invoice_number=7), export(invoice_series="by-type"), None)

    assert found[:3] == ("main-invoice-7", "main-interest-7", "main-manual-7")
    assert len(found) == 4  # and commission discounts, whose hyphen is hashed


def test_what_credits_nothing_waits_for_nothing() -> None:
    """An ordinary invoice."""
    assert original_references(invoice(), export(), None) == ()


def test_the_likeliest_of_several_counts() -> None:
    """Invoice 7 before interest invoice 7; none is known: None."""
    states = {"main-interest-7": State.DEAD, "main-invoice-7": State.WAITING}

    assert standing(("main-invoice-7", "main-interest-7"), states) == ("main-invoice-7", State.WAITING)
    assert standing(("main-manual-7",), states) is None


@pytest.mark.parametrize(
    ("rules", "age", "on_hold"),
    [
        (Corrections(), 0.0, True),
        (Corrections(), 14 * DAY - 1, True),
        (Corrections(), 14 * DAY, False),
        (Corrections(hold_days=1), DAY, False),
        (Corrections(before_original="book"), 0.0, False),
    ],
)
def test_how_long_a_correction_is_on_hold(rules: Corrections, age: float, on_hold: bool) -> None:  # noqa: FBT001  # a column of the table
    """For the days of the exports file, counted from when it came in."""
    assert is_on_hold(export(corrections=rules), 1000.0, 1000.0 + age) is on_hold


def test_what_moves_is_looked_at_sooner() -> None:
    """Seconds while the original is on its way, minutes once a person has to act."""
    assert [patience(state) for state in (State.QUEUED, State.EXPORTING, State.WAITING, State.DEAD)] == [3, 3, 30, 300]
