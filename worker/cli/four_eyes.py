"""Four eyes in a terminal: what is over the limit is asked for, and done when somebody else says yes on the page."""

import secrets
from collections.abc import Sequence

import typer
from rich.text import Text

from worker.cli.batches import previews
from worker.cli.causes import money
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.formatting import count, moment
from worker.cli.language import say
from worker.domain.approval import NewApproval, needs_approval
from worker.domain.batch import BatchAction
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import Store
from worker.web.asking import ask_once


def require_no_second_person(  # noqa: PLR0913  # what is done with which invoices, who does it and why
    context: CommandContext, store: Store, action: BatchAction, records: Sequence[InvoiceRecord], *, by: str, why: str
) -> None:
    """Go on unless this needs a second person's yes; then keep the requests for the page and end the command.

    Once somebody else has said yes there, exactly these invoices are moved. Raises ``StoreUnavailable``.
    """
    limits = context.settings.sign_in.limits
    if not limits or not records:
        return
    over = [each for each in previews(context, store, action, records) if needs_approval(limits, each.at_stake)]
    if not over:
        return
    with context.approvals() as approvals:
        for each in over:
            reasons = {record.failure.reason for record in records if record.failure and record.export == each.export}
            new = NewApproval(
                id=secrets.token_hex(8),
                export=each.export,
                action=action.value,
                subject=reasons.pop() if len(reasons) == 1 else each.export,
                by=by,
                why=why,
                at_stake=each.at_stake,
                invoices=each.invoices,
            )
            frozen = store.freeze_members(f"{each.export}-set-{new.id}", each.members)
            seconds = context.settings.sign_in.approval_hours * 3600
            found = ask_once(approvals, store, new, frozen, seconds=seconds)
            text = say(
                "{invoices} of {export}, {amounts}, wait for a second person's yes, on the page under Approvals, until "
                "{moment}. Nothing was changed.",
                invoices=count(each.invoices, "invoice"),
                export=each.export,
                amounts=money(each.at_stake),
                moment=moment(found.expires_at),
            )
            context.err.print(Text(text, "wait"), soft_wrap=True)
    raise typer.Exit(ExitCode.PERSON)
