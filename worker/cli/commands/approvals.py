"""``approvals``: what waits for a second person, and their yes or no."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import structlog
import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.causes import money
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import count, facts, moment, page, print_json, printable, table
from worker.cli.lookup import AsJson, By, Why
from worker.domain.approval import Approval, ApprovalPort, ApprovalState, Decision, NotDecided
from worker.web.asking import carry_out

log = structlog.get_logger()

approvals = typer.Typer(help="Say yes or no to what waits for a second person.", no_args_is_help=True)

ApprovalId = Annotated[
    str, typer.Argument(metavar="ID", help="The id that `approvals list` shows, or its beginning; or a period's.")
]
_STATES = {
    ApprovalState.WAITING: ("waits", "wait"),
    ApprovalState.APPROVED: ("approved", "good"),
    ApprovalState.DONE: ("approved", "good"),
    ApprovalState.REFUSED: ("refused", "bad"),
    ApprovalState.EXPIRED: ("expired", "quiet"),
}
_NOT_DECIDED = {
    NotDecided.UNKNOWN: "It is not there any more.",
    NotDecided.OWN: "Nobody says yes to what they ask for themselves.",
    NotDecided.OVER: "It has been decided already, or it is too late.",
}


@approvals.command("list")
def approvals_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List what waits for a second person, and what was decided lately. Exit code 1 when anything waits."""
    context: CommandContext = ctx.obj
    with context.approvals() as kept:
        found = sorted(kept.approvals(), key=lambda each: each.state is not ApprovalState.WAITING)
    if as_json:
        print_json(context.out, [_data(each) for each in found])
    else:
        context.out.print(_view(found))
    waits = any(each.state is ApprovalState.WAITING for each in found)
    raise typer.Exit(ExitCode.PERSON if waits else ExitCode.OK)


@approvals.command("approve")
def approvals_approve(ctx: typer.Context, key: ApprovalId, *, by: By) -> None:
    """Say yes, as a second person, to exactly what was asked for; it is done at once."""
    context: CommandContext = ctx.obj
    with context.approvals() as kept:
        found = _find(kept, key)
        if found.state is not ApprovalState.APPROVED:  # else its carrying out was interrupted
            _decide(context, kept, found, Decision(yes=True, by=by, why=""))
        with context.store() as store:
            carry_out(kept, store, kept.approval(found.asked.id) or found)
    log.info("approval_decided", approval=found.asked.id, export=found.asked.export, yes=True, by=by)
    context.out.print(Text(f"Approved: {_what(found)}.", "good"), soft_wrap=True)


@approvals.command("reject")
def approvals_reject(ctx: typer.Context, key: ApprovalId, *, why: Why, by: By) -> None:
    """Say no: nothing of it is done."""
    context: CommandContext = ctx.obj
    _require(why)
    with context.approvals() as kept:
        found = _find(kept, key)
        _decide(context, kept, found, Decision(yes=False, by=by, why=why))
    log.info("approval_decided", approval=found.asked.id, export=found.asked.export, yes=False, by=by)
    context.out.print(Text(f"Refused: {_what(found)}. Nothing of it is done.", "strong"), soft_wrap=True)


@approvals.command("ask-again")
def approvals_ask_again(ctx: typer.Context, key: ApprovalId, *, why: Why, by: By) -> None:
    """Ask once more for a period that was refused. Whoever asks needs another person's yes."""
    context: CommandContext = ctx.obj
    _require(why)
    with context.approvals() as kept, context.holds() as holds:
        found = _find(kept, key, state=ApprovalState.REFUSED)
        new = replace(found.asked, id=f"{holds.period_of(found.asked.id)}-{secrets.token_hex(8)}", by=by, why=why)
        if not holds.ask_again(found.asked.id, new):
            raise WrongUsage("Only a period that was refused can be asked for again, once.", _SEE)
    context.out.print(Text(f"Asked for: {_what(found)}. Its id is {new.id}.", "wait"), soft_wrap=True)


_SEE = "`opter-economic approvals list` shows them."


def _require(why: str) -> None:
    if not why.strip():
        raise WrongUsage("--why is empty.", "Say why, for whoever reads the log.")


def _find(kept: ApprovalPort, key: str, *, state: ApprovalState | None = None) -> Approval:
    """Return the request that is meant. A period's id means its request that is open, or is in ``state``."""
    every = kept.approvals(most=1000)
    matches = [each for each in every if each.asked.id.startswith(key)]
    wanted = (state,) if state else (ApprovalState.WAITING, ApprovalState.APPROVED)
    matches = [each for each in matches if each.asked.id == key or each.state in wanted] or matches
    if len(matches) != 1:
        problem = "There is no request" if not matches else "Several requests begin with"
        raise WrongUsage(f"{problem} {key!r}.", _SEE)
    return matches[0]


def _decide(context: CommandContext, kept: ApprovalPort, found: Approval, decision: Decision) -> None:
    problem = kept.decide(found.asked.id, decision)
    if problem:
        context.err.print(Text(f"{_NOT_DECIDED[problem]} Nothing was changed.", "bad"), soft_wrap=True)
        raise typer.Exit(ExitCode.PERSON)


def _what(found: Approval) -> str:
    asked = found.asked
    return f"{asked.action} {printable(asked.subject)}, {count(asked.invoices, 'invoice')}, {money(asked.at_stake)}"


def _view(found: Sequence[Approval]) -> RenderableType:
    if not found:
        return Text("Nothing waits for a second person.", style="good")
    waiting = [each for each in found if each.state is ApprovalState.WAITING]
    rows = table("Id", "What", "Invoices", "Money", "Asked", "State", numbers=("Invoices", "Money"), keys=("Id",))
    for each in found:
        asked, (word, style) = each.asked, _STATES[each.state]
        state = Text(f"{word} ({printable(each.decision.by)})" if each.decision else word, style)
        what = f"{asked.action} {printable(asked.subject)}"
        came = f"{printable(asked.by)}, {moment(each.asked_at)}"
        rows.add_row(asked.id, what, str(asked.invoices), money(asked.at_stake), came, state)
    step = Text("→ Approve or reject by its id, with --by and your name; or on the page, under Approvals.", "strong")
    return page(facts([("Waiting", str(len(waiting)))]), rows, step if waiting else None)


def _data(found: Approval) -> dict[str, Any]:
    asked, decision = found.asked, found.decision
    return {
        "id": asked.id,
        "export": asked.export,
        "action": asked.action,
        "subject": asked.subject,
        "by": asked.by,
        "why": asked.why,
        "invoices": asked.invoices,
        "atStake": {currency: str(amount) for currency, amount in asked.at_stake.items()},
        "state": found.state.value,
        "askedAt": formatting.iso(found.asked_at),
        "decision": {"yes": decision.yes, "by": decision.by, "why": decision.why, "at": formatting.iso(decision.at)}
        if decision
        else None,
    }
