"""A request for a second person's yes: asked once for one set, and carried out with it; pages and commands share it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from worker.domain.approval import Approval, ApprovalPort, ApprovalState, NewApproval
from worker.domain.batch import Batch, BatchAction, NewBatch
from worker.domain.desk_ports import FrozenSetPort
from worker.domain.frozen_set import FrozenSet

log = structlog.get_logger()

#: Seconds for which what was approved, and not carried out, can still be.
_CARRIED_OUT_WITHIN = 30 * 86_400


def ask_once(
    approvals: ApprovalPort, sets: FrozenSetPort, new: NewApproval, frozen: FrozenSet, *, seconds: float
) -> Approval:
    """Keep a request for a frozen set and return it; asked for the same set while it waits, it is the same request."""
    for found in approvals.approvals():
        asked = found.asked
        same = (asked.export, asked.action, asked.digest) == (new.export, new.action, frozen.digest)
        if found.state is ApprovalState.WAITING and same:
            return found
    # Held before it is asked for: a request never names a set that is forgotten before it has been carried out.
    sets.hold_frozen(frozen.id, seconds=seconds + _CARRIED_OUT_WITHIN)
    return ask(approvals, replace(new, frozen=frozen.id, digest=frozen.digest), seconds=seconds)


def ask(approvals: ApprovalPort, new: NewApproval, *, seconds: float) -> Approval:
    """Keep a request and return it."""
    approvals.ask_approval(new, seconds=seconds)
    kept = approvals.approval(new.id)
    assert kept is not None  # noqa: S101  # it was kept just now
    return kept


class CarriedBatches(Protocol):
    """What carries out what was approved; see ``BatchPort``."""

    def open_frozen(self, batch: NewBatch, set_id: str) -> bool:
        """See ``BatchPort.open_frozen``."""

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
    if not batches.open_frozen(order, asked.frozen):
        log.warning("approval_set_gone", approval=asked.id, action=asked.action, export=asked.export)
        return 0
    batches.advance_batches()
    batch = batches.batch(order.id)
    moved = batch.begun - batch.left if batch else 0
    approvals.mark_done(asked.id)
    log.info("approval_carried_out", approval=asked.id, action=asked.action, export=asked.export, invoices=moved)
    return moved
