"""Four eyes on the page: what is over the limit is asked for, for exactly the frozen set."""

import secrets
from collections.abc import Iterable, Mapping
from decimal import Decimal

import structlog

from config.names import export_of
from worker.domain.access import Action
from worker.domain.approval import Approval, NewApproval, money_of, needs_approval
from worker.domain.batch import BatchAction
from worker.domain.frozen_set import FrozenSet
from worker.domain.record import InvoiceRecord
from worker.dry_run.batch_preview import BatchPreview
from worker.web.asking import ask_once
from worker.web.scoped_batches import NEEDS
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
    at_stake, export = money_of(record.content for record in chosen), chosen[0].export
    visit.rights.require(NEEDS[BatchAction(action)], export)
    if not needs_approval(visit.services.sign_in.limits, at_stake):
        return None
    members = [(record.id, record.updated_at) for record in chosen]
    frozen = visit.services.batches.freeze_members(f"{export}-set-{secrets.token_hex(8)}", members)
    return _ask(visit, action.value, frozen, at_stake, subject=subject, why=why)


def ask_for_batch(visit: Visit, planned: BatchPreview, frozen: FrozenSet, *, subject: str, why: str) -> Approval | None:
    """Do as ``ask_if_needed`` does, for the set that was previewed and frozen."""
    visit.rights.require(NEEDS[planned.action], planned.export)
    if not needs_approval(visit.services.sign_in.limits, frozen.at_stake):
        return None
    return _ask(visit, planned.action.value, frozen, frozen.at_stake, subject=subject, why=why)


def _ask(  # noqa: PLR0913  # what is asked for, for which set, and why
    visit: Visit, action: str, frozen: FrozenSet, at_stake: Mapping[str, Decimal], *, subject: str, why: str
) -> Approval:
    services, export = visit.services, export_of(frozen.id)
    new = NewApproval(
        id=secrets.token_hex(8),
        export=export,
        action=action,
        subject=subject,
        by=visit.who,
        why=why,
        at_stake=at_stake,
        invoices=frozen.invoices,
    )
    seconds = services.sign_in.approval_hours * 3600
    found = ask_once(services.approvals, services.batches, new, frozen, seconds=seconds)
    log.info("approval_asked", approval=found.asked.id, action=action, export=export, invoices=new.invoices, by=new.by)
    return found
