"""Four eyes on the page: what is over the limit is asked for, for exactly the frozen set."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import structlog

from config.names import export_of
from worker.domain.access import Action
from worker.domain.approval import Approval, NewApproval, money_of, needs_approval
from worker.domain.batch import BatchAction
from worker.domain.period_hold import EXPORT_PERIOD
from worker.domain.record import InvoiceRecord, State
from worker.dry_run.batch_preview import BatchPreview
from worker.web.asking import ask_once
from worker.web.scoped_batches import NEEDS
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
    if not chosen:
        return None
    members = [(record.id, record.updated_at) for record in chosen]
    return _ask(visit, action.value, members, money_of(record.content for record in chosen), subject=subject, why=why)


def ask_for_batch(visit: Visit, planned: BatchPreview, *, subject: str, why: str) -> Approval | None:
    """Do as ``ask_if_needed`` does, for the set that was previewed."""
    visit.rights.require(NEEDS[planned.action], planned.export)
    return _ask(visit, planned.action.value, planned.members, planned.at_stake, subject=subject, why=why)


def _ask(  # noqa: PLR0913  # what is asked for, for which set, and why
    visit: Visit,
    action: str,
    members: Sequence[tuple[str, float]],
    at_stake: Mapping[str, Decimal],
    *,
    subject: str,
    why: str,
) -> Approval | None:
    if not needs_approval(visit.services.sign_in.limits, at_stake):
        return None
    approvals, export = visit.services.approvals, export_of(members[0][0])
    visit.rights.require(NEEDS[BatchAction(action)], export)
    new = NewApproval(
        id=secrets.token_hex(8),
        export=export,
        action=action,
        subject=subject,
        by=visit.who,
        why=why,
        at_stake=at_stake,
        invoices=len(members),
    )
    found = ask_once(approvals, new, members, seconds=visit.services.sign_in.approval_hours * 3600)
    log.info("approval_asked", approval=found.asked.id, action=action, export=export, invoices=len(members), by=new.by)
    return found


def unchanged(services: Services, approval: Approval) -> list[InvoiceRecord]:
    """Return those of the frozen set that still are as they were when it was asked for; the others are left alone."""
    if approval.asked.action == EXPORT_PERIOD:
        return []  # its period's page shows them
    wanted = dict(services.approvals.approval_members(approval.asked.id))
    dead = services.store.invoices(None, State.DEAD)
    return [record for record in dead if wanted.get(record.id) == record.updated_at]
