"""A plan as a person reads it: what happens, what is created, what would fail, and the first requests."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import data_of, facts, indented, page, printable, section, table
from worker.cli.lookup import next_step, title
from worker.domain.record import State
from worker.dry_run import plan_file
from worker.dry_run.plan import Created, Plan, PlannedAction, PlannedInvoice, Request, sums
from worker.errors import Failure


def plan_data(plan: Plan, name: str) -> dict[str, Any]:
    """Return the plan for JSON, under its file's name: what the plan file holds, with what is only said of it."""
    document = plan_file.document(plan)
    return {
        "hash": name,
        **document,
        "method": plan.method,
        "actions": {action.value: plan.actions.get(action, 0) for action in PlannedAction},
        "notice": plan.notice,
        "calls": {"reads": plan.cost.reads, "writes": plan.cost.writes},
        "minutes": round(plan.cost.minutes, 1),
        "days": round(plan.cost.days, 2),
        "invoices": [
            {
                **data,
                "state": invoice.state.value if invoice.state else None,
                "problems": [data_of(problem) for problem in invoice.problems],
            }
            for data, invoice in zip(document["invoices"], plan.invoices, strict=True)
        ],
    }


#: Invoices with their requests, rows of a table; ``--full`` shows all.
_FIRST, _ROWS = 3, 12
#: Marks numbers, whose digits are shown as they are sent; a character that no payload holds.
_EXACT = "\ue000"
#: Longest line of JSON, in characters.
_ROOM = 100
_PLACEHOLDERS = "Numbers below one stand for those that e-conomic gives: of new customers, drafts, vouchers."
#: Minutes from which on a time is shown in hours.
_HOURS = 120


def plan_view(plan: Plan, *, full: bool, out: Path | None) -> RenderableType:
    """Return the whole plan but for its name; ``out``: the plan file, if one was written."""
    with_requests = [invoice for invoice in plan.invoices if invoice.requests]
    shown = with_requests if full else with_requests[:_FIRST]
    return page(
        _heading(plan),
        Text(),
        facts(_summary(plan)),
        _created("New customers", plan.customers, full=full) if plan.customers else None,
        _updated(plan.updates, full=full) if plan.updates else None,
        _created("New products", plan.products, full=full) if plan.products else None,
        section("Notice", plan.notice) if plan.notice else None,
        *_problems(plan, full=full),
        _found(plan, full=full),
        section("What is sent", Text(_PLACEHOLDERS, style="quiet")) if shown else None,
        *(_requests(invoice) for invoice in shown),
        _more(len(with_requests) - len(shown), "invoice"),
        section("Plan file", *_next_steps(out)),
    )


def _next_steps(out: Path | None) -> tuple[str, ...]:
    if out is None:
        return (
            "--out FILE writes it, to be approved; `publish --plan FILE` then publishes only if",
            "nothing that matters has changed since.",
        )
    return (
        f"{printable(str(out))} holds customer data; only you can read it.",
        f"`publish --plan {printable(str(out))}` publishes only if nothing that matters has changed since.",
    )


def _heading(plan: Plan) -> RenderableType:
    about = f"  export {plan.export} · agreement {plan.agreement} · {plan.method} method · nothing has been written"
    return Text.assemble((f"Plan for {plan.period}", "title"), (about, "quiet"))


def _summary(plan: Plan) -> list[tuple[str, RenderableType]]:
    actions, dead = plan.actions, sum(invoice.state is State.DEAD for invoice in plan.invoices)
    uncertain = sum(bool(invoice.predicted and not invoice.predicted.certain) for invoice in plan.invoices)
    cost = plan.cost
    return [
        ("To be posted", _count(actions[PlannedAction.POST], "good")),
        ("Already there", _count(actions[PlannedAction.ADOPT], "", "taken over, never posted again")),
        ("Exported before", _count(actions[PlannedAction.DONE], "")),
        ("Left out", _count(actions[PlannedAction.LEAVE_OUT], "", "as the exports file says")),
        ("Would wait", _count(actions[PlannedAction.HOLD], "wait")),
        ("Would fail", _count(actions[PlannedAction.FAIL], "bad")),
        ("Failed before", _count(dead, "wait", "they move only when re-queued, or when other content comes")),
        ("Amounts", "\n".join(_amounts(plan))),
        (
            "Not certain",
            _count(uncertain, "wait", "the VAT depends on how e-conomic rounds it; compared before booking"),
        ),
        ("Calls", f"about {cost.reads + cost.writes}: {cost.writes} writes, about {cost.reads} reads"),
        ("Time", _time(plan)),
    ]


def _count(number: int, style: str, note: str = "") -> RenderableType:
    return Text.assemble((str(number), style), (f"  {note}" if note else "", "quiet")) if number else ""


def _amounts(plan: Plan) -> Iterator[str]:
    posted = [invoice for invoice in plan.invoices if invoice.action is PlannedAction.POST]
    pairs = [(invoice.source, invoice.predicted.amounts) for invoice in posted if invoice.source and invoice.predicted]
    opter, economic = sums([source for source, _ in pairs]), sums([predicted for _, predicted in pairs])
    for source, predicted in zip(opter, economic, strict=True):
        net, vat, gross = map(formatting.money, (source.net, source.vat, source.gross))
        other = "" if source == predicted else f"; e-conomic: gross {formatting.money(predicted.gross)}"
        yield f"net {net}, VAT {vat}, gross {gross} {source.currency}{other}"


def _time(plan: Plan) -> str:
    minutes = plan.cost.minutes
    length = f"{minutes:.0f} minutes" if minutes < _HOURS else f"{minutes / 60:.0f} hours"
    least = "less than a minute" if minutes < 1 else f"at least {length}"
    if plan.cost.days > 1:
        return f"at least {plan.cost.days:.1f} days, as limits.calls_per_day are used up"
    return f"{least} at the rate that this agreement allows"


def _created(heading: str, creations: Sequence[Created], *, full: bool) -> RenderableType:
    made = table("Number", "Name", "First needed by")
    for created in creations if full else creations[:_ROWS]:
        number = Text("given by e-conomic", style="quiet") if created.number.startswith("-") else created.number
        made.add_row(number, json.loads(created.request.body)["name"], created.needed_by)
    rest = None if full else _more(len(creations) - _ROWS, "")
    return section(f"{heading} · {len(creations)}", made, *([rest] if rest else []))


def _updated(updates: Sequence[Request], *, full: bool) -> RenderableType:
    """Show which customers; their requests hold the whole resource, far more than what is new."""
    names = [f"{request.path.rpartition('/')[2]} {json.loads(request.body)['name']}" for request in updates]
    rest = None if full else _more(len(names) - _ROWS, "")
    shown = "\n".join(names if full else names[:_ROWS])
    return section(f"Updated customers · {len(names)}", shown, *([rest] if rest else []))


def _problems(plan: Plan, *, full: bool) -> Iterator[RenderableType]:
    groups: dict[str, list[tuple[PlannedInvoice, Failure]]] = {}
    for invoice in plan.invoices:
        for problem in invoice.problems:
            groups.setdefault(problem.reason, []).append((invoice, problem))
    for reason, members in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield _group(reason, members, full=full)


def _group(reason: str, members: Sequence[tuple[PlannedInvoice, Failure]], *, full: bool) -> RenderableType:
    made = table("Invoice", "What is wrong")
    for invoice, problem in members if full else members[:_ROWS]:
        made.add_row(invoice.id, problem.description)
    invoices = len({invoice.id for invoice, _ in members})
    steps = {problem.next_step for _, problem in members}
    step = steps.pop() if len(steps) == 1 else next_step(reason)
    heading = f"{title(reason)} · {formatting.count(invoices, 'invoice')}"
    rest = None if full else _more(len(members) - _ROWS, "")
    return section(heading, Text(reason, style="quiet"), f"→ {step}", "", made, *([rest] if rest else []))


def _found(plan: Plan, *, full: bool) -> RenderableType | None:
    adopted = [invoice for invoice in plan.invoices if invoice.action is PlannedAction.ADOPT]
    if not adopted:
        return None
    made = table("Invoice", "In e-conomic")
    for invoice in adopted if full else adopted[:_ROWS]:
        made.add_row(invoice.id, invoice.found)
    rest = None if full else _more(len(adopted) - _ROWS, "")
    return section(f"Already in e-conomic · {len(adopted)}", made, *([rest] if rest else []))


def _requests(invoice: PlannedInvoice) -> RenderableType:
    remarks = [Text(f"! {printable(remark)}", style="wait") for remark in invoice.remarks]
    parts = [part for request in invoice.requests for part in _request(request)]
    return section(f"Invoice {invoice.invoice_number}  {invoice.id}", *remarks, *parts)


def _request(request: Request) -> Iterator[RenderableType]:
    yield Text(f"{request.method} {request.path}", style="strong")
    yield indented(Text(printable(_shown(request))))


def _shown(request: Request) -> str:
    if not request.body.startswith("{"):
        return f"the PDF with SHA-256 {request.body}"
    content = json.loads(request.body, parse_float=lambda digits: f"{_EXACT}{digits}{_EXACT}")
    return re.sub(f'"{_EXACT}([^{_EXACT}]*){_EXACT}"', r"\1", _laid_out(content, _ROOM))


def _laid_out(value: Any, room: int) -> str:
    """Return JSON in which whatever fits stays on its line."""
    inline = json.dumps(value, ensure_ascii=False)
    if len(inline) <= room or not isinstance(value, dict | list):
        return inline
    if isinstance(value, list):
        rows, first, last = [_laid_out(item, room - 2) for item in value], "[", "]"
    else:
        rows = [f"{json.dumps(name)}: {_laid_out(item, room - 2 - len(name))}" for name, item in value.items()]
        first, last = "{", "}"
    return "\n".join((first, indent(",\n".join(rows), "  "), last))


def _more(number: int, noun: str) -> RenderableType | None:
    if number < 1:
        return None
    return Text(f"… and {formatting.count(number, noun) if noun else number} more (--full shows all)", style="quiet")
