"""What comes next, from the record alone."""

from typing import Any

import pytest

from worker.domain.record import Intent, Progress, Step
from worker.workflow.next_step import VoucherTodo, next_voucher_step

NOW, MEMORY = 100_000.0, 3300.0


def intent(step: Step, age: float) -> Intent:
    return Intent(step=step, method="POST", path="/journals/1/vouchers", body="{}", key="k", at=NOW - age)


@pytest.mark.parametrize(
    ("progress", "own", "expected"),
    [
        ({}, False, "post"),
        ({"look": True}, False, "look"),
        ({"intent": intent(Step.VOUCHER, 3299)}, False, "send"),  # its key is remembered
        ({"intent": intent(Step.VOUCHER, 3300)}, False, "look"),
        ({"intent": intent(Step.ATTACH, 0)}, True, "send"),
        ({"intent": intent(Step.ATTACH, 1)}, False, "look"),  # the voucher may have moved
        ({"intent": intent(Step.BOOK_VOUCHER, 1)}, False, "look"),
        ({"intent": intent(Step.VOUCHER, 1), "look": True}, True, "look"),
        ({"voucher": "2026-10001"}, False, "look"),
    ],
)
def test_next_step(progress: dict[str, Any], expected: str, *, own: bool) -> None:
    """A posting is repeated while its key is remembered; what follows it begins with a look, unless it is our own."""
    found = Progress(**progress)
    todo = next_voucher_step(found, found.intent if own else None, now=NOW, key_memory=MEMORY, licensed_at=NOW)
    assert todo == expected


@pytest.mark.parametrize(("age", "expected"), [(3299, VoucherTodo.POST), (3300, VoucherTodo.RENEW)])
def test_a_license_to_post_ends_with_the_key_memory(age: float, expected: VoucherTodo) -> None:
    """A ledger restored to an older state may not know of a posting; past the hour its key does not tell either."""
    todo = next_voucher_step(Progress(), None, now=NOW, key_memory=MEMORY, licensed_at=NOW - age)
    assert todo == expected
