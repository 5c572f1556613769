"""A request for a second person's yes: asked once for one set, and carried out with it; pages and commands share it."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from worker.domain.approval import Approval, ApprovalPort, ApprovalState, NewApproval
from worker.domain.batch import Batch, BatchAction, NewBatch

log = structlog.get_logger()


def ask_once(
    approvals: ApprovalPort, new: NewApproval, members: Sequence[tuple[str, float]], *, seconds: float
) -> Approval:
    """Keep a request and return it; asked for the same set again, while it waits, it is the same request."""
    for found in approvals.approvals():
        same = (found.asked.export, found.asked.action) == (new.export, new.action)
        if found.state is ApprovalState.WAITING and same and approvals.approval_members(found.asked.id) == [*members]:
            return found
    approvals.ask_approval(new, members, seconds=seconds)
    kept = approvals.approval(new.id)
    assert kept is not None  # noqa: S101  # it was kept just now
    return kept


class CarriedBatches(Protocol):
    """What carries out what was approved; see ``BatchPort``."""

    def open_batch(self, ordered: NewBatch, members: Sequence[tuple[str, float]]) -> None:
        """See ``BatchPort.open_batch``."""

    def advance_batches(self) -> Sequence[str]:
        """See ``BatchPort.advance_batches``."""

    def batch(self, batch_id: str) -> Batch | None:
        """See ``BatchPort.batch``."""


def carry_out(approvals: ApprovalPort, batches: CarriedBatches, approval: Approval) -> int:
    """Start the batch that was approved; return how many invoices it has moved so far. What has moved on since stays.

    Interrupted and repeated, it goes on: each invoice is moved once.
    """
    decision = approval.decision
    if decision is None or approval.state is not ApprovalState.APPROVED:
        return 0
    asked = approval.asked
    if asked.action not in set(BatchAction):
        # Carried out elsewhere: `publish` looks for the yes, and a period flows with it.
        return 0
    order = NewBatch(
        # Of the request, so that a repeat goes on with the same batch.
        id=f"{asked.export}-batch-{asked.id}",
        export=asked.export,
        action=BatchAction(asked.action),
        by=f"{asked.by}, {decision.by}",
        why=asked.why,
        at_stake=asked.at_stake,
    )
    batches.open_batch(order, approvals.approval_members(asked.id))
    batches.advance_batches()
    batch = batches.batch(order.id)
    moved = batch.begun - batch.left if batch else 0
    approvals.mark_done(asked.id)
    log.info("approval_carried_out", approval=asked.id, action=asked.action, export=asked.export, invoices=moved)
    return moved
