"""A second person's yes to what ``publish`` puts on the queue, where it is over the limit of the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.event_files import parse_event, read_whole
from worker.cli.formatting import count, moment, printable
from worker.cli.language import say
from worker.domain.approval import (
    PUBLISH,
    Approval,
    ApprovalPort,
    ApprovalState,
    NewApproval,
    money_of,
    needs_approval,
)
from worker.dry_run import plan_file
from worker.web.asking import ask


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """What is about to be published, and by whom."""

    events: Sequence[bytes]
    #: The plan's file; None: there is none.
    plan: bytes | None
    by: str


def require_approval(context: CommandContext, publication: Publication) -> str:
    """Return the id of the approval that allows this, empty when it needs none.

    Ends the command when a second person has to say yes first: the request is then kept for the page. Raises
    ``WrongUsage`` and ``StoreUnavailable``.
    """
    limits = context.settings.sign_in.limits
    if not limits:
        return ""
    contents = [invoice.content for raw in publication.events for invoice in read_whole(context, raw).invoices]
    if not needs_approval(limits, money_of(contents)):
        return ""
    if publication.plan is None:
        over = say("This is over the limit above which a second person has to say yes; nothing was published.")
        advice = say("Make a plan (`opter-economic plan ... --out plan.json`), and publish it with --plan plan.json.")
        raise WrongUsage(over, advice)
    with context.approvals() as approvals:
        found = _latest(approvals, plan_file.file_name(publication.plan))
        if isinstance(found, str):
            found = _ask(context, approvals, found, publication, contents)
    if found.state in (ApprovalState.APPROVED, ApprovalState.DONE):
        return found.asked.id
    context.err.print(_why_not(found), soft_wrap=True)
    raise typer.Exit(ExitCode.PERSON)


def _latest(approvals: ApprovalPort, name: str) -> Approval | str:
    """Return the request for a plan that counts, or the id for a new one: an expired one may be asked for again."""
    key, number = name.replace(":", "-"), 1
    while (found := approvals.approval(key)) and found.state is ApprovalState.EXPIRED:
        number += 1
        key = f"{name.replace(':', '-')}-{number}"
    return found or key


def _ask(
    context: CommandContext, approvals: ApprovalPort, key: str, publication: Publication, contents: Sequence[str]
) -> Approval:
    event = parse_event(context, publication.events[0])
    new = NewApproval(
        id=key,
        export=event.data.export,
        action=PUBLISH,
        subject=f"{event.data.period.name}, {plan_file.file_name(publication.plan or b'')}",
        by=publication.by,
        at_stake=money_of(contents),
        invoices=len(contents),
    )
    return ask(approvals, new, seconds=context.settings.sign_in.approval_hours * 3600)


def _why_not(found: Approval) -> Text:
    invoices, subject = count(found.asked.invoices, "invoice"), printable(found.asked.subject)
    if found.decision:
        text = say(
            "{invoices} of {subject} were not published: {by} has said no: {why}",
            invoices=invoices,
            subject=subject,
            by=printable(found.decision.by),
            why=printable(found.decision.why),
        )
        return Text(text, "bad")
    until = moment(found.expires_at)
    text = say(
        "{invoices} of {subject} wait for a second person's yes, on the page under Approvals, until {until}. "
        "Nothing was published.",
        invoices=invoices,
        subject=subject,
        until=until,
    )
    return Text(f"{text}\n  → " + say("Then publish with the same files and the same plan again."), "wait")
