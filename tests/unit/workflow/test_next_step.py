"""What comes next, from the record alone."""

from typing import Any

import pytest

from worker.domain.record import Intent, Progress, Step
from worker.workflow.execution import Action, next_invoice_step, next_voucher_step

NOW, MEMORY = 100_000.0, 3300.0


def intent(step: Step, age: float) -> Intent:
    return Intent(step=step, method="POST", path="/journals/1/vouchers", body="{}", key="k", at=NOW - age)


@pytest.mark.parametrize(
    ("progress", "age", "expected"),
    [
        (Progress(), 0.0, Action.CREATE),
        (Progress(), MEMORY - 1, Action.CREATE),
        (Progress(), MEMORY, Action.LOOK_UP),  # the permission to create has ended
        (Progress(intent=intent(Step.DRAFT, 0.0)), 0.0, Action.SEND),
        (Progress(intent=intent(Step.DRAFT, MEMORY)), MEMORY, Action.LOOK_UP),  # the key may be forgotten
        (Progress(intent=intent(Step.DRAFT, 0.0), lookup=True), 0.0, Action.LOOK_UP),
        (Progress(draft_number=7), MEMORY, Action.BOOK),
    ],
)
def test_next_invoice_step(progress: Progress, age: float, expected: Action) -> None:
    """Recorded, intended and allowed to be created ``age`` seconds ago."""
    assert expected == next_invoice_step(
        progress, None, book=True, remembered_since=NOW - MEMORY, create_allowed_at=NOW - age
    )


@pytest.mark.parametrize(
    ("age", "own", "expected"),
    [
        (0.0, True, Action.SEND),
        (1.0, False, Action.CHECK_DRAFT),
        (MEMORY, True, Action.LOOK_UP),
        (MEMORY, False, Action.LOOK_UP),
    ],
)
def test_a_booking_that_an_earlier_execution_left_begins_with_its_draft(
    age: float, expected: Action, *, own: bool
) -> None:
    """The number of a draft may be another's by now, and a booking cannot be undone."""
    booking = intent(Step.BOOK, age)
    action = next_invoice_step(
        Progress(intent=booking, draft_number=7),
        booking if own else None,
        book=True,
        remembered_since=NOW - MEMORY,
        create_allowed_at=NOW,
    )
    assert action is expected


@pytest.mark.parametrize(
    ("progress", "own", "expected"),
    [
        ({}, False, "create"),
        ({"lookup": True}, False, "lookup"),
        ({"intent": intent(Step.VOUCHER, 3299)}, False, "send"),  # its key is remembered
        ({"intent": intent(Step.VOUCHER, 3300)}, False, "lookup"),
        ({"intent": intent(Step.ATTACH, 0)}, True, "send"),
        ({"intent": intent(Step.ATTACH, 1)}, False, "lookup"),  # the voucher may have moved
        ({"intent": intent(Step.BOOK_VOUCHER, 1)}, False, "lookup"),
        ({"intent": intent(Step.VOUCHER, 1), "lookup": True}, True, "lookup"),
        ({"voucher": "2026-10001"}, False, "lookup"),
    ],
)
def test_next_voucher_step(progress: dict[str, Any], expected: str, *, own: bool) -> None:
    """A posting is repeated while its key is remembered; what follows it begins with a lookup, unless it is our own."""
    found = Progress(**progress)
    action = next_voucher_step(
        found, found.intent if own else None, remembered_since=NOW - MEMORY, create_allowed_at=NOW
    )
    assert action == expected


@pytest.mark.parametrize(("age", "expected"), [(3299, Action.CREATE), (3300, Action.RENEW)])
def test_the_permission_to_post_ends_with_the_key_memory(age: float, expected: Action) -> None:
    """A store restored to an older state may not know of a posting; past the hour its key does not help either."""
    action = next_voucher_step(Progress(), None, remembered_since=NOW - MEMORY, create_allowed_at=NOW - age)
    assert action == expected
