"""A plan as a person reads it: what happens, what is created, what would fail, and the first requests."""

import json
import re
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from textwrap import indent
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import count, data_of, facts, indented, page, printable, section, table
from worker.cli.language import mark, say, say_count
from worker.cli.lookup import next_step, title
from worker.cli.words import described
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
_PLACEHOLDERS = mark("Numbers below one stand for those that e-conomic gives: of new customers, drafts, vouchers.")
#: Minutes from which on a time is shown in hours.
_HOURS = 120
Rows = Sequence[tuple[RenderableType, ...]]


def plan_view(plan: Plan, *, full: bool, out: Path | None) -> RenderableType:
    """Return the whole plan but for its name; ``out``: the plan file, if one was written."""
    about = say(
        "  export {export} · agreement {agreement} · {method} method · nothing has been written",
        export=plan.export,
        agreement=plan.agreement,
        method=plan.method,
    )
    adopted = [(invoice.id, invoice.found) for invoice in plan.invoices if invoice.action is PlannedAction.ADOPT]
    with_requests = [invoice for invoice in plan.invoices if invoice.requests]
    shown = with_requests if full else with_requests[:_FIRST]
    return page(
        Text.assemble((say("Plan for {period}", period=plan.period), "title"), (about, "quiet")),
        Text(),
        facts(_summary(plan)),
        _created(say("New customers"), plan.customers, full=full),
        _updated(plan.updates, full=full),
        _created(say("New products"), plan.products, full=full),
        section(say("Notice"), plan.notice) if plan.notice else None,
        *_problems(plan, full=full),
        _listed(say("Already in e-conomic"), (say("Invoice"), say("In e-conomic")), adopted, full=full),
        section(say("What is sent"), Text(say(_PLACEHOLDERS), style="quiet")) if shown else None,
        *(_requests(invoice) for invoice in shown),
        _more(len(with_requests) - len(shown), "invoice"),
        section(say("Plan file"), *_next_steps(out)),
    )


def _next_steps(out: Path | None) -> tuple[str, ...]:
    if out is None:
        text = say(
            "--out FILE writes it, to be approved; `publish --plan FILE` then publishes only if nothing that matters "
            "has changed since."
        )
        return (text,)
    file = printable(str(out))
    return (
        say("{file} holds customer data; only you can read it.", file=file),
        say("`publish --plan {file}` publishes only if nothing that matters has changed since.", file=file),
    )


def _summary(plan: Plan) -> list[tuple[str, RenderableType]]:
    actions, dead = plan.actions, sum(invoice.state is State.DEAD for invoice in plan.invoices)
    uncertain = sum(bool(invoice.predicted and not invoice.predicted.certain) for invoice in plan.invoices)
    rounding, cost = say("the VAT depends on how e-conomic rounds it; compared before booking"), plan.cost
    return [
        (say("To be posted"), _count(actions[PlannedAction.POST], "good")),
        (say("Already there"), _count(actions[PlannedAction.ADOPT], "", say("taken over, never posted again"))),
        (say("Exported before"), _count(actions[PlannedAction.DONE], "")),
        (say("Left out"), _count(actions[PlannedAction.LEAVE_OUT], "", say("as the exports file says"))),
        (say("Would wait"), _count(actions[PlannedAction.HOLD], "wait")),
        (say("Would fail"), _count(actions[PlannedAction.FAIL], "bad")),
        (say("Failed before"), _count(dead, "wait", say("they move only when re-queued, or when other content comes"))),
        (say("Amounts"), "\n".join(_amounts(plan))),
        (say("Not certain"), _count(uncertain, "wait", rounding)),
        (
            say("Calls"),
            say(
                "about {number}: {writes} writes, about {reads} reads",
                number=cost.reads + cost.writes,
                writes=cost.writes,
                reads=cost.reads,
            ),
        ),
        (say("Time"), _time(plan)),
    ]


def _count(number: int, style: str, note: str = "") -> RenderableType:
    return Text.assemble((str(number), style), (f"  {note}" if note else "", "quiet")) if number else ""


def _amounts(plan: Plan) -> Iterator[str]:
    posted = [invoice for invoice in plan.invoices if invoice.action is PlannedAction.POST]
    pairs = [(invoice.source, invoice.predicted.amounts) for invoice in posted if invoice.source and invoice.predicted]
    opter, economic = sums([source for source, _ in pairs]), sums([predicted for _, predicted in pairs])
    for source, predicted in zip(opter, economic, strict=True):
        net, vat, gross = map(formatting.money, (source.net, source.vat, source.gross))
        other = (
            "" if source == predicted else say("; e-conomic: gross {money}", money=formatting.money(predicted.gross))
        )
        amounts = say("net {net}, VAT {vat}, gross {gross}", net=net, vat=vat, gross=gross)
        yield f"{amounts} {source.currency}{other}"


def _time(plan: Plan) -> str:
    minutes = plan.cost.minutes
    length = count(round(minutes), "minute")
    if minutes >= _HOURS:
        length = count(round(minutes / 60), "hour")
    least = say("less than a minute") if minutes < 1 else say("at least {length}", length=length)
    if plan.cost.days > 1:
        return say_count(
            ceil(plan.cost.days),
            "at least {days} day, as limits.calls_per_day are used up",
            "at least {days} days, as limits.calls_per_day are used up",
            days=f"{plan.cost.days:.1f}",
        )
    return say("{least} at the rate that this agreement allows", least=least)


def _created(heading: str, creations: Sequence[Created], *, full: bool) -> RenderableType | None:
    later = Text(say("given by e-conomic"), style="quiet")
    rows = [
        (
            later if created.number.startswith("-") else created.number,
            json.loads(created.request.body)["name"],
            created.needed_by,
        )
        for created in creations
    ]
    return _listed(heading, (say("Number"), say("Name"), say("First needed by")), rows, full=full)


def _updated(updates: Sequence[Request], *, full: bool) -> RenderableType | None:
    """Show which customers; their requests hold the whole resource, far more than what is new."""
    rows = [(request.path.rpartition("/")[2], json.loads(request.body)["name"]) for request in updates]
    return _listed(say("Updated customers"), (say("Number"), say("Name")), rows, full=full)


def _problems(plan: Plan, *, full: bool) -> Iterator[RenderableType]:
    groups: dict[str, list[tuple[PlannedInvoice, Failure]]] = {}
    for invoice in plan.invoices:
        for problem in invoice.problems:
            groups.setdefault(problem.reason, []).append((invoice, problem))
    for reason, members in sorted(groups.items(), key=lambda group: -len(group[1])):
        invoices = formatting.count(len({invoice.id for invoice, _ in members}), "invoice")
        steps = {problem.next_step for _, problem in members}
        step = steps.pop() if len(steps) == 1 else next_step(reason)
        rows = [(invoice.id, described(problem.description)) for invoice, problem in members]
        listed = _rows((say("Invoice"), say("What is wrong")), rows, full=full)
        yield section(f"{title(reason)} · {invoices}", Text(reason, style="quiet"), f"→ {say(step)}", "", *listed)


def _listed(heading: str, columns: Sequence[str], rows: Rows, *, full: bool) -> RenderableType | None:
    return section(f"{heading} · {len(rows)}", *_rows(columns, rows, full=full)) if rows else None


def _rows(columns: Sequence[str], rows: Rows, *, full: bool) -> Iterator[RenderableType]:
    made = table(*columns)
    for row in rows if full else rows[:_ROWS]:
        made.add_row(*row)
    yield made
    if rest := None if full else _more(len(rows) - _ROWS, ""):
        yield rest


def _requests(invoice: PlannedInvoice) -> RenderableType:
    parts: list[RenderableType] = [Text(f"! {printable(remark)}", style="wait") for remark in invoice.remarks]
    for request in invoice.requests:
        parts.append(Text(f"{request.method} {request.path}", style="strong"))
        parts.append(indented(Text(printable(_shown(request)))))
    return section(say("Invoice {number}", number=invoice.invoice_number) + f"  {invoice.id}", *parts)


def _shown(request: Request) -> str:
    if not request.body.startswith("{"):
        return say("the PDF with SHA-256 {body}", body=request.body)
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
    return Text(
        say("… and {number} more (--full shows all)", number=formatting.count(number, noun) if noun else number),
        style="quiet",
    )
