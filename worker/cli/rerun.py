"""What became of invoices that were exported again. Pure: no clock, no ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from worker.cli.report import LEFT_OUT, MOVING
from worker.invoicing.record import InvoiceRecord, State


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerun:
    """One run, added up."""

    #: Posted by this run: they were not in e-conomic any more, or never had been.
    booked_now: int
    #: Found in e-conomic and adopted; nothing was posted.
    already_there: int
    #: Not posted on purpose, as the exports file says.
    left_out: int
    #: Reason code -> invoices that failed for it.
    failed: Mapping[str, int]
    #: Not at rest yet.
    moving: int


def rerun(records: Iterable[InvoiceRecord]) -> Rerun:
    """Add up the invoices of a run as they stand now."""
    every = list(records)
    done = [one for one in every if one.state is State.EXPORTED]
    posted = [one for one in done if one.outcome not in LEFT_OUT]
    failed = Counter(one.failure.reason for one in every if one.state is State.DEAD and one.failure)
    return Rerun(
        booked_now=sum(not one.progress.adopted for one in posted),
        already_there=sum(one.progress.adopted for one in posted),
        left_out=len(done) - len(posted),
        failed=dict(failed.most_common()),
        moving=sum(one.state in MOVING for one in every),
    )
