"""Failures from reason codes."""

import dataclasses

import pytest

from worker.domain.reasons import ProcessReason, failure, invalid, merged
from worker.errors import Failure


def test_failure_takes_the_next_step_of_its_table() -> None:
    """The table's next step stands unless the place that failed knows a better one."""
    usual = failure(ProcessReason.BUSY, "It is busy.", field="customer.code", value="A", remote_message="m", log_id="l")
    better = failure(ProcessReason.BUSY, "It is busy.", next_step="Wait for order 7.")

    assert ProcessReason.BUSY.next_step == usual.next_step
    assert (
        usual.reason,
        usual.description,
        usual.field,
        usual.value,
        usual.remote_message,
        usual.log_id,
    ) == ("busy", "It is busy.", "customer.code", "A", "m", "l")
    assert better.next_step == "Wait for order 7."


def test_several_failures_become_one() -> None:
    """The first gives the reason; nothing is said twice, and no step is forgotten."""
    first = Failure(reason="a", description="A.", next_step="Do x.", field="f", value="1")
    second = Failure(reason="b", description="B.", next_step="Do y.", remote_message="E07180", log_id="9")
    third = dataclasses.replace(first, description="C.")

    merged_failure = merged([first, second, first, third])

    assert merged_failure == Failure(
        reason="a",
        description="(1) A. (2) B. (3) C.",
        next_step="(1) Do x. (2) Do y.",
        field="f",
        value="1",
        remote_message="E07180",
        log_id="9",
    )


def test_one_failure_stays_as_it_is() -> None:
    """No numbering where there is nothing to number."""
    only = Failure(reason="a", description="A.", next_step="Do x.")

    assert only == merged([only])


def test_nothing_cannot_be_merged() -> None:
    """An invoice without failures must not become a dead letter by accident."""
    with pytest.raises(ValueError, match="no failure"):
        merged([])


def test_a_refusal_by_our_own_checks() -> None:
    """Any value is shown as text, under the table's next step."""
    refusal = invalid(ProcessReason.BUSY, "It is busy.", field="customer.code", value=7)

    assert refusal.failure == failure(ProcessReason.BUSY, "It is busy.", field="customer.code", value="7")
