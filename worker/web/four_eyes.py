"""Four eyes: what is over the limit is asked for, and done with a second person's yes, for exactly the frozen set."""

import secrets
from collections.abc import Iterable

import structlog

from worker.domain.access import Action
from worker.domain.approval import Approval, ApprovalState, NewApproval, money_of, needs_approval
from worker.domain.record import InvoiceRecord, State
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()


def ask_if_needed(
    visit: Visit, action: Action, records: Iterable[InvoiceRecord], *, subject: str, why: str
) -> Approval | None:
    """Keep a request for a second person's yes, and return it; None when this person may go ahead alone.

    ``records`` are of one export. Asked for the same set again, while it waits, it is the same request.
    """
    chosen = list(records)
    at_stake = money_of(record.content for record in chosen)
    if not chosen or not needs_approval(visit.services.sign_in.limits, at_stake):
        return None
    members = [(record.id, record.updated_at) for record in chosen]
    approvals, export = visit.services.approvals, chosen[0].export
    visit.rights.require(action, export)
    for found in approvals.approvals():
        same = (found.asked.export, found.asked.action) == (export, action.value)
        if found.state is ApprovalState.WAITING and same and approvals.approval_members(found.asked.id) == members:
            return found
    new = NewApproval(
        id=secrets.token_hex(8),
        export=export,
        action=action.value,
        subject=subject,
        by=visit.who,
        why=why,
        at_stake=at_stake,
        invoices=len(members),
    )
    approvals.ask_approval(new, members, seconds=visit.services.sign_in.approval_hours * 3600)
    log.info("approval_asked", approval=new.id, action=new.action, export=export, invoices=len(members), by=visit.who)
    return approvals.approval(new.id)


def unchanged(services: Services, approval: Approval) -> list[InvoiceRecord]:
    """Return those of the frozen set that still are as they were when it was asked for; the others are left alone."""
    wanted = dict(services.approvals.approval_members(approval.asked.id))
    dead = services.store.invoices(None, State.DEAD)
    return [record for record in dead if wanted.get(record.id) == record.updated_at]


def carry_out(services: Services, approval: Approval) -> int:
    """Do what was approved, once; return for how many invoices. What has moved on since stays as it is.

    Interrupted and repeated, it goes on: whoever has moved already is no longer as it was.
    """
    decision = approval.decision
    if decision is None or approval.state is not ApprovalState.APPROVED:
        return 0
    ids, asked = [record.id for record in unchanged(services, approval)], approval.asked
    names = f"{asked.by}, {decision.by}"
    if asked.action == Action.REQUEUE:
        moved = len(services.store.requeue(ids, by=names, why=asked.why))
    elif asked.action == Action.MARK_EXPORTED:
        moved = sum(services.store.mark_exported(key, by=names, why=asked.why) for key in ids)
    else:
        # Carried out by who asked for it: `publish` looks for the yes.
        return 0
    services.approvals.mark_done(asked.id)
    log.info("approval_carried_out", approval=asked.id, action=asked.action, export=asked.export, invoices=moved)
    return moved
