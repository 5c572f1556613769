"""A license to create ends: what an older ledger does not know of, e-conomic does."""

import pytest
from support.harness import EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import Booking
from worker.domain.record import Intent, Progress
from worker.workflow.next_step import Action, next_step

KEY_MEMORY = 55 * 60.0
INTENT = Intent(step="draft", method="POST", path="/invoices/drafts", body="{}", key="k", at=1000.0)


def _restored(hours: float) -> Harness:
    """A ledger as it was before the invoice was booked, taken up again ``hours`` later."""
    by_economic = EXPORT.model_copy(update={"booking": Booking(numbers="economic")})
    bill = invoice(line("1000.00"), customer=customer(ledger_number=1001, corporate_id=None))
    older, newer = Harness(by_economic), Harness(by_economic)
    for harness in (older, newer):
        harness.close_period(bill)
        harness.check()
    newer.deliver()
    older.sandbox = newer.sandbox
    for harness in (older, newer):
        harness.clock.advance(hours * 3600)
    older.hire()
    older.sweep()
    older.until_rest()
    return older


@pytest.mark.parametrize("hours", [0.0, 0.5, 0.95, 1.5, 48.0])
def test_a_ledger_restored_to_an_older_state_doubles_nothing(hours: float) -> None:
    """Queued and never sent, says the ledger; it is booked. Within the hour the key tells, past it the look does."""
    harness = _restored(hours)

    assert [(document.booked, document.number) for document in harness.documents()] == [(True, 20001)]
    assert harness.record("main-100353").progress.booked_number == 20001


@pytest.mark.parametrize(
    ("progress", "age", "expected"),
    [
        (Progress(), 0.0, Action.DRAFT),
        (Progress(), KEY_MEMORY - 1, Action.DRAFT),
        (Progress(), KEY_MEMORY, Action.LOOK_UP),  # the license has run out
        (Progress(intent=INTENT), 0.0, Action.SEND),
        (Progress(intent=INTENT), KEY_MEMORY, Action.LOOK_UP),  # the key is no longer trusted to be remembered
        (Progress(intent=INTENT, lookup=True), 0.0, Action.LOOK_UP),
        (Progress(draft_number=7), KEY_MEMORY, Action.BOOK),
    ],
)
def test_next_step(progress: Progress, age: float, expected: Action) -> None:
    """Recorded, intended and licensed at 1000 s; looked at ``age`` seconds later."""
    now = 1000.0 + age

    assert expected == next_step(progress, book=True, now=now, key_memory=KEY_MEMORY, create_allowed_at=1000.0)
