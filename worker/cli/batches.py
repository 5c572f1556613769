"""Batches on the command line: previewed, confirmed, and followed."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from config.errors import ConfigurationErrors
from config.exports import ExportConfig
from worker.cli import formatting
from worker.cli.causes import money
from worker.cli.context import CommandContext
from worker.cli.formatting import facts, table
from worker.cli.language import mark, say
from worker.cli.lookup import title
from worker.cli.words import batch_state_word
from worker.domain.batch import Batch, BatchAction, BatchState, NewBatch
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import Store
from worker.dry_run.batch_preview import ListedPreview, preview
from worker.errors import Failure

_STYLES = {BatchState.DONE: "good", BatchState.CANCELLED: "bad", BatchState.RUNNING: "wait"}
#: What becomes of the invoices of a batch, as a heading says it.
ACTIONS = {
    BatchAction.REQUEUE: mark("Queue again"),
    BatchAction.REEXPORT: mark("Export again"),
    BatchAction.MARK_EXPORTED: mark("Mark as exported"),
    BatchAction.DISCARD: mark("Discard"),
}


def previews(
    context: CommandContext, store: Store, action: BatchAction, records: Sequence[InvoiceRecord]
) -> list[ListedPreview]:
    """Return a preview for each export that has some of these invoices."""
    exports, by_export = _exports(context), dict[str, list[InvoiceRecord]]()
    for record in records:
        by_export.setdefault(record.export, []).append(record)
    return [
        preview(action, own, exports.get(export), store.export_times(export))
        for export, own in sorted(by_export.items())
    ]


def _exports(context: CommandContext) -> Mapping[str, ExportConfig]:
    """Return the exports; none while their file is unusable: that keeps nobody from queueing."""
    try:
        return context.exports
    except ConfigurationErrors:
        return {}


def confirm(
    store: Store, planned: Sequence[ListedPreview], *, by: str, why: str, cause: Failure | None = None
) -> list[Batch]:
    """Freeze and start what was previewed, and take it as far as it goes at once; return the batches as they are."""
    ordered = [
        NewBatch(
            id=f"{each.export}-batch-{secrets.token_hex(4)}",
            export=each.export,
            action=each.action,
            by=by,
            why=why,
            cause=cause,
            at_stake=each.at_stake,
        )
        for each in planned
    ]
    for order, each in zip(ordered, planned, strict=True):
        store.open_batch(order, each.members)
    store.advance_batches()
    return [batch for order in ordered if (batch := store.batch(order.id))]


def preview_view(planned: Sequence[ListedPreview]) -> RenderableType:
    """Return what would be done, what it costs, and how long it takes."""
    numbers = (say("Invoices"), say("Money"), say("Calls"), say("Minutes"))
    rows = table(say("Export"), *numbers, numbers=numbers)
    for each in planned:
        minutes = f"{each.minutes:.0f}" if each.minutes >= 1 else "< 1"
        if each.calls and not each.measured:
            minutes = say("{minutes} at least", minutes=minutes)
        rows.add_row(each.export, str(each.invoices), money(each.at_stake), str(each.calls), minutes)
    return rows


def batch_facts(batch: Batch) -> RenderableType:
    """Return one batch in full, without its invoices."""
    order = batch.ordered
    rows: list[tuple[str, RenderableType]] = [
        (say("Batch"), Text(order.id, "strong")),
        (say("What"), say(ACTIONS[order.action])),
        (say("Export"), order.export),
        (say("State"), Text(batch_state_word(batch.state), _STYLES[batch.state])),
        (say("Cause"), cause_name(order.cause)),
        (say("Confirmed"), say("{when} by {who}", when=formatting.moment(batch.confirmed_at), who=order.by)),
        (say("Why"), order.why),
        (say("Money"), money(order.at_stake)),
        (say("Progress"), progress(batch)),
        (say("Ended"), formatting.moment(batch.ended_at) if batch.ended_at else ""),
        (say("Cancelled by"), batch.cancelled_by),
    ]
    return facts([(name, value) for name, value in rows if value])


def batch_data(batch: Batch) -> dict[str, Any]:
    """Return the same for scripts."""
    order = batch.ordered
    return {
        "id": order.id,
        "action": order.action.value,
        "export": order.export,
        "state": batch.state.value,
        "by": order.by,
        "why": order.why,
        "reason": order.cause.reason if order.cause else None,
        "value": order.cause.value if order.cause else None,
        "confirmedAt": formatting.iso(batch.confirmed_at),
        "endedAt": formatting.iso(batch.ended_at) if batch.ended_at else None,
        "cancelledBy": batch.cancelled_by,
        "atStake": {currency: str(amount) for currency, amount in order.at_stake.items()},
        "total": batch.total,
        "notBegun": batch.not_begun,
        "underWay": batch.under_way,
        "exported": batch.exported,
        "failed": batch.failed,
        "leftAlone": batch.left,
    }


def cause_name(cause: Failure | None) -> str:
    """Return a cause in a few words; empty for none."""
    if cause is None:
        return ""
    return f"{title(cause.reason)}: {cause.value}" if cause.value else title(cause.reason)


def progress(batch: Batch) -> str:
    """Return how far a batch has come, in a line."""
    parts = [
        (batch.exported, mark("{number} exported")),
        (batch.failed, mark("{number} failed again")),
        (batch.left, mark("{number} left alone")),
        (batch.under_way, mark("{number} under way")),
        (batch.not_begun, mark("{number} not begun")),
    ]
    invoices = formatting.count(batch.total, "invoice")
    return f"{invoices}: " + ", ".join(say(part, number=number) for number, part in parts if number)
