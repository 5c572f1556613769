"""A batch from a page: counted for a person, frozen when they confirm it, and begun; the one place for all three."""

import secrets

import structlog

from worker.domain.batch import Batch, BatchAction, NewBatch
from worker.domain.frozen_set import Choice, CountedInvoices, FrozenSet
from worker.dry_run.batch_preview import BatchPreview, counted_at, preview_of
from worker.errors import Failure
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()


def previewed(services: Services, action: BatchAction, choice: Choice) -> BatchPreview:
    """Return what a batch of this choice would do, from what the store counts."""
    return _preview(services, action, choice, services.batches.counted(choice))


def frozen_as_seen(
    visit: Visit, action: BatchAction, choice: Choice, seen: str
) -> tuple[BatchPreview, FrozenSet] | None:
    """Freeze what a person has seen (the digest of a preview); None where it is no longer the same."""
    at = counted_at(seen)
    if at is None:
        return None
    frozen = visit.services.batches.freeze(f"{choice.export}-set-{secrets.token_hex(8)}", choice, at=at)
    counted = CountedInvoices(invoices=frozen.invoices, at_stake=frozen.at_stake, at=at)
    planned = _preview(visit.services, action, choice, counted)
    return (planned, frozen) if frozen.invoices and planned.digest == seen else None


def _preview(services: Services, action: BatchAction, choice: Choice, counted: CountedInvoices) -> BatchPreview:
    export, times = services.exports.get(choice.export), services.batches.export_times(choice.export)
    return preview_of(action, choice.export, counted, export, times)


def start_batch(
    visit: Visit, planned: BatchPreview, frozen: FrozenSet, *, why: str, cause: Failure | None = None
) -> Batch | None:
    """Start what was frozen, take it as far as it goes at once, and return it. Raises ``NotAllowed``."""
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
    batches.open_frozen(order, frozen.id)
    log.info("batch_started", batch=order.id, action=order.action.value, invoices=planned.invoices, by=order.by)
    batches.advance_batches()
    return batches.batch(order.id)
