"""An outage is logged with its cause once, again when the cause changes, and at its end."""

from structlog.testing import capture_logs

from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable
from worker.intake.outage_log import OutageLog


def test_each_cause_once_and_the_end() -> None:
    """A line each second would hide everything else; a changed cause is news."""
    full, away = (StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, why)) for why in ("full", "away"))
    outage = OutageLog("intake")

    with capture_logs() as lines:
        for error in (full, full, away, away):
            outage.down(error)
        outage.up()
        outage.up()

    assert [(line["event"], line.get("why")) for line in lines] == [
        ("store_unavailable", "full"),
        ("store_unavailable", "away"),
        ("store_available", None),
    ]
    assert all(line.get("next_step") for line in lines[:2])
