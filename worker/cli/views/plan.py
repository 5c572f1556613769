"""A plan as a person reads it: what happens, what is created, what stands in the way, and the first requests."""

import json
import re
from collections.abc import Iterator, Sequence
from textwrap import indent
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import data_of, facts, indented, page, printable, section, table
from worker.cli.views.reasons import next_step, title
from worker.domain.record import State
from worker.dry_run.fingerprint import plan_hash
from worker.dry_run.plan import Amounts, Created, Plan, PlannedAction, PlannedInvoice, PredictedAmounts, Request, added
from worker.errors import Failure


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return the plan; amounts of money are strings, and so are the bodies of requests, digit by digit as sent."""
    return {
        "hash": plan_hash(plan),
        "period": plan.period,
        "export": plan.export,
        "method": plan.method,
        "agreement": plan.agreement,
        "fates": {action.value: plan.actions.get(action, 0) for action in PlannedAction},
        "notice": plan.notice,
        "newCustomers": _created_data(plan.customers),
        "updatedCustomers": [_request_data(request) for request in plan.updates],
        "newProducts": _created_data(plan.products),
        "calls": {"reads": plan.cost.reads, "writes": plan.cost.writes},
        "minutes": round(plan.cost.minutes, 1),
        "days": round(plan.cost.days, 2),
        "invoices": [_invoice(one) for one in plan.invoices],
    }


def _created_data(creations: Sequence[Created]) -> list[dict[str, str]]:
    return [{"number": one.number, "neededBy": one.needed_by, **_request_data(one.request)} for one in creations]


def _invoice(one: PlannedInvoice) -> dict[str, Any]:
    return {
        "id": one.id,
        "invoiceNumber": one.invoice_number,
        "action": one.action.value,
        "state": one.state.value if one.state else None,
        "source": _amounts_data(one.source) if one.source else None,
        "predicted": _predicted(one.predicted) if one.predicted else None,
        "problems": [data_of(failure) for failure in one.problems],
        "requests": [_request_data(request) for request in one.requests],
        "remarks": list(one.remarks),
        "found": one.found,
    }


def _predicted(predicted: PredictedAmounts) -> dict[str, Any]:
    lines = [
        {"line": one.line, "account": one.account, "vatCode": one.code, "vatRate": str(one.rate)}
        for one in predicted.vat
    ]
    return {**_amounts_data(predicted.amounts), "certain": predicted.certain, "lines": lines}


def _amounts_data(amounts: Amounts) -> dict[str, str]:
    return {
        "currency": amounts.currency,
        "net": str(amounts.net),
        "vat": str(amounts.vat),
        "gross": str(amounts.gross),
    }


def _request_data(request: Request) -> dict[str, str]:
    return {"step": str(request.step), "method": request.method, "path": request.path, "body": request.body}


#: Invoices with their requests, rows of a table; ``--full`` shows all.
_FIRST, _ROWS = 3, 12
#: A character that no payload holds: it marks numbers, whose digits are shown as they are sent.
_EXACT = "\ue000"
#: Characters that a line of JSON may have.
_ROOM = 100
_GIVEN = "Numbers below one stand for those that e-conomic gives: of new customers, drafts, vouchers."
#: Minutes from which on a length is told in hours.
_HOURS = 120


def plan_view(plan: Plan, *, full: bool) -> RenderableType:
    """Return the whole plan but for its hash."""
    shown = [one for one in plan.invoices if one.requests]
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
        section("What is sent", Text(_GIVEN, style="quiet")) if shown else None,
        *(_requests(one) for one in (shown if full else shown[:_FIRST])),
        _more(len(shown) - _FIRST, "invoice") if len(shown) > _FIRST and not full else None,
        section("Plan hash", "publish --plan HASH publishes only if nothing that matters has changed since."),
    )


def changes_view(changes: Sequence[str]) -> RenderableType:
    """Return what has changed since a plan, and what to do."""
    return page(
        Text.assemble(("✗ ", "bad"), ("Something has changed since the plan; nothing was published.", "strong")),
        *(Text(f"  {printable(one)}") for one in changes),
        Text("  → Look at a new plan: `opter-economic plan` with the same files."),
    )


def _heading(plan: Plan) -> RenderableType:
    about = f"  export {plan.export} · agreement {plan.agreement} · {plan.method} method · nothing has been written"
    return Text.assemble((f"Plan for {plan.period}", "title"), (about, "quiet"))


def _summary(plan: Plan) -> list[tuple[str, RenderableType]]:
    actions, dead = plan.actions, sum(one.state is State.DEAD for one in plan.invoices)
    uncertain = sum(bool(one.predicted and not one.predicted.certain) for one in plan.invoices)
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
    posted = [one for one in plan.invoices if one.predicted and one.source and one.action is PlannedAction.POST]
    ours = added([one.source for one in posted if one.source])
    theirs = added([one.predicted.amounts for one in posted if one.predicted])
    for source, predicted in zip(ours, theirs, strict=True):
        told = f"net {formatting.money(source.net)}, VAT {formatting.money(source.vat)}, gross {formatting.money(source.gross)}"
        same = "" if source == predicted else f"; e-conomic: gross {formatting.money(predicted.gross)}"
        yield f"{told} {source.currency}{same}"


def _time(plan: Plan) -> str:
    minutes = plan.cost.minutes
    length = f"{minutes:.0f} minutes" if minutes < _HOURS else f"{minutes / 60:.0f} hours"
    least = "less than a minute" if minutes < 1 else f"at least {length}"
    if plan.cost.days > 1:
        return f"at least {plan.cost.days:.1f} days, as limits.calls_per_day are used up"
    return f"{least} at the rate that this agreement allows"


def _created(heading: str, creations: Sequence[Created], *, full: bool) -> RenderableType:
    made = table("Number", "Name", "First needed by")
    for one in creations if full else creations[:_ROWS]:
        number = Text("given by e-conomic", style="quiet") if one.number.startswith("-") else one.number
        made.add_row(number, json.loads(one.request.body)["name"], one.needed_by)
    rest = None if full else _more(len(creations) - _ROWS, "")
    return section(f"{heading} · {len(creations)}", made, *([rest] if rest else []))


def _updated(updates: Sequence[Request], *, full: bool) -> RenderableType:
    """Show which customers; what is written to each is the whole resource, and longer than its news."""
    names = [f"{one.path.rpartition('/')[2]} {json.loads(one.body)['name']}" for one in updates]
    rest = None if full else _more(len(names) - _ROWS, "")
    shown = "\n".join(names if full else names[:_ROWS])
    return section(f"Updated customers · {len(names)}", shown, *([rest] if rest else []))


def _problems(plan: Plan, *, full: bool) -> Iterator[RenderableType]:
    groups: dict[str, list[tuple[PlannedInvoice, Failure]]] = {}
    for one in plan.invoices:
        for problem in one.problems:
            groups.setdefault(problem.reason, []).append((one, problem))
    for reason, members in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield _group(reason, members, full=full)


def _group(reason: str, members: Sequence[tuple[PlannedInvoice, Failure]], *, full: bool) -> RenderableType:
    made = table("Invoice", "What is wrong")
    for one, problem in members if full else members[:_ROWS]:
        made.add_row(one.id, problem.description)
    invoices = len({one.id for one, _ in members})
    steps = {problem.next_step for _, problem in members}
    step = steps.pop() if len(steps) == 1 else next_step(reason)
    heading = f"{title(reason)} · {formatting.count(invoices, 'invoice')}"
    rest = None if full else _more(len(members) - _ROWS, "")
    return section(heading, Text(reason, style="quiet"), f"→ {step}", "", made, *([rest] if rest else []))


def _found(plan: Plan, *, full: bool) -> RenderableType | None:
    there = [one for one in plan.invoices if one.action is PlannedAction.ADOPT]
    if not there:
        return None
    made = table("Invoice", "In e-conomic")
    for one in there if full else there[:_ROWS]:
        made.add_row(one.id, one.found)
    rest = None if full else _more(len(there) - _ROWS, "")
    return section(f"Already in e-conomic · {len(there)}", made, *([rest] if rest else []))


def _requests(one: PlannedInvoice) -> RenderableType:
    remarks = [Text(f"! {printable(remark)}", style="wait") for remark in one.remarks]
    parts = [part for request in one.requests for part in _request(request)]
    return section(f"Invoice {one.invoice_number}  {one.id}", *remarks, *parts)


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
        rows, first, last = [_laid_out(one, room - 2) for one in value], "[", "]"
    else:
        rows = [f"{json.dumps(name)}: {_laid_out(one, room - 2 - len(name))}" for name, one in value.items()]
        first, last = "{", "}"
    return "\n".join((first, indent(",\n".join(rows), "  "), last))


def _more(number: int, noun: str) -> RenderableType | None:
    if number < 1:
        return None
    return Text(f"… and {formatting.count(number, noun) if noun else number} more (--full shows all)", style="quiet")
