"""What comes next, from the record alone."""

from typing import Any

import pytest

from worker.domain.record import Intent, Progress, Step
from worker.workflow.next_step import VoucherAction, next_voucher_step

NOW, MEMORY = 100_000.0, 3300.0


def intent(step: Step, age: float) -> Intent:
    return Intent(step=step, method="POST", path="/journals/1/vouchers", body="{}", key="k", at=NOW - age)


@pytest.mark.parametrize(
    ("progress", "own", "expected"),
    [
        ({}, False, "post"),
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
def test_next_step(progress: dict[str, Any], expected: str, *, own: bool) -> None:
    """A posting is repeated while its key is remembered; what follows it begins with a look, unless it is our own."""
    found = Progress(**progress)
    todo = next_voucher_step(found, found.intent if own else None, now=NOW, key_memory=MEMORY, create_allowed_at=NOW)
    assert todo == expected


@pytest.mark.parametrize(("age", "expected"), [(3299, VoucherAction.POST), (3300, VoucherAction.RENEW)])
def test_a_license_to_post_ends_with_the_key_memory(age: float, expected: VoucherAction) -> None:
    """A ledger restored to an older state may not know of a posting; past the hour its key does not tell either."""
    todo = next_voucher_step(Progress(), None, now=NOW, key_memory=MEMORY, create_allowed_at=NOW - age)
    assert todo == expected
