"""What a batch would take, before it is confirmed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from support.samples import export, invoice

from worker.domain.batch import BatchAction
from worker.domain.record import InvoiceRecord, State
from worker.dry_run.batch_preview import measured_pace, preview


def record(number: int, gross: str = "125.00", currency: str = "DKK") -> InvoiceRecord:
    content = invoice(invoice_number=number).model_copy(update={"gross": Decimal(gross), "currency": currency})
    return InvoiceRecord(
        id=f"main-{number}",
        export="main",
        periods=("main-p881",),
        invoice_number=number,
        invoice_type="invoice",
        region=None,
        content=content.content().text,
        content_hash=f"{number}",
        state=State.DEAD,
        updated_at=100.5 + number,
    )


#: Ten exports, six seconds apart: ten a minute; and one long before.
TIMES = [1000.0, *(5000.0 + 6 * n for n in range(11))]


def test_the_measured_pace_tells_the_minutes() -> None:
    """A rest between two runs is no part of it; twenty invoices at ten a minute take two."""
    planned = preview(BatchAction.REQUEUE, [record(n) for n in range(1, 21)], export(), TIMES)

    assert (planned.minutes, planned.measured, planned.calls) == (2.0, True, 60)


@pytest.mark.parametrize("times", [[], TIMES[:6], [1000.0 * n for n in range(30)]])
def test_without_a_pace_the_rate_of_the_agreement_tells(times: list[float]) -> None:
    """Nothing exported yet, too few, or none in a row."""
    planned = preview(BatchAction.REQUEUE, [record(1)], export(), times)

    assert (measured_pace(times), planned.measured) == (None, False)
    assert 0 < planned.minutes < 1


def test_money_is_added_up_by_currency() -> None:
    """Credit notes by their size."""
    records = [record(1, "100.10"), record(2, "-50.00"), record(3, "0.05", "SEK")]
    planned = preview(BatchAction.DISCARD, records, export(), ())

    assert planned.at_stake == {"DKK": Decimal("150.10"), "SEK": Decimal("0.05")}
    assert (planned.calls, planned.minutes) == (0, 0.0)


def test_the_digest_names_exactly_this_set() -> None:
    """One more, one fewer, one that has moved since, or another action: what was seen is not what is there."""
    records = [record(1), record(2)]
    planned = preview(BatchAction.REQUEUE, records, export(), ())
    moved = [records[0], replace(records[1], updated_at=7.0)]
    others = [
        preview(BatchAction.REQUEUE, records[:1], export(), ()),
        preview(BatchAction.REQUEUE, [*records, record(3)], export(), ()),
        preview(BatchAction.REQUEUE, moved, export(), ()),
        preview(BatchAction.DISCARD, records, export(), ()),
    ]

    assert preview(BatchAction.REQUEUE, records[::-1], export(), ()).digest == planned.digest
    assert planned.digest not in {other.digest for other in others}
