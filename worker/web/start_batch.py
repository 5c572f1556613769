"""The start of a batch from a page: the one place where what a person confirmed begins."""

import secrets

import structlog

from worker.domain.batch import Batch, NewBatch
from worker.dry_run.batch_preview import BatchPreview
from worker.errors import Failure
from worker.web.visit import Visit

log = structlog.get_logger()


def start_batch(visit: Visit, planned: BatchPreview, *, why: str, cause: Failure | None = None) -> Batch | None:
    """Freeze and start what was previewed, take it as far as it goes at once, and return it. Raises ``NotAllowed``."""
    order = NewBatch(
        id=f"{planned.export}-batch-{secrets.token_hex(4)}",
        export=planned.export,
        action=planned.action,
        by=visit.who,
        why=why,
        cause=cause,
        at_stake=planned.at_stake,
    )
    batches = visit.services.batches
    batches.open_batch(order, planned.members)
    log.info("batch_started", batch=order.id, action=order.action.value, invoices=len(planned.members), by=order.by)
    batches.advance_batches()
    return batches.batch(order.id)
