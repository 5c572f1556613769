"""All periods at a glance, and one period in full."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import data_of, facts, page, printable, section, table
from worker.cli.language import mark, say, say_count, spoken
from worker.cli.lookup import by_reason, title
from worker.cli.views.certificate_summary import result, summary_data, when
from worker.cli.words import described
from worker.domain.invoice_period import ArchivedTotals, PeriodRecord, held
from worker.domain.money import ZERO
from worker.domain.period_report import MOVING, Phase, Report, Totals, phase_of
from worker.domain.record import Outcome, State
from worker.errors import Failure

PHASE_STYLES = {Phase.DONE: "good", Phase.NEEDS_A_PERSON: "bad", Phase.DIFFERS: "bad", Phase.HELD: "bad"}
_OUTCOMES = {
    Outcome.BOOKED: mark("{number} booked"),
    Outcome.DRAFTED: mark("{number} left as drafts"),
    Outcome.VOUCHER: mark("{number} as vouchers"),
    Outcome.BY_HAND: mark("{number} marked by hand"),
    Outcome.EXCLUDED: mark("{number} excluded by their type"),
    Outcome.NOTHING_TO_BOOK: mark("{number} with nothing to book"),
    Outcome.DISCARDED: mark("{number} discarded by hand"),
}
#: Phase -> its word on the screen.
PHASES = {
    Phase.TAKING_IN: mark("taking in"),
    Phase.CHECKING: mark("checking"),
    Phase.EXPORTING: mark("exporting"),
    Phase.NEEDS_A_PERSON: mark("needs a person"),
    Phase.DIFFERS: mark("differs"),
    Phase.DONE: mark("done"),
    Phase.HELD: mark("needs a yes"),
}
_INCOMPLETE = (Phase.TAKING_IN, Phase.CHECKING, Phase.HELD)


def periods_view(  # noqa: PLR0913  # all that an overview says
    periods: Sequence[PeriodRecord],
    paused: Mapping[str, Failure],
    *parts: RenderableType | None,
    dead_events: int,
    waiting_events: int,
    now: float,
    archived: Mapping[str, ArchivedTotals],
) -> RenderableType:
    """Return the table of periods and below it the paused exports, the event queue, and further parts."""
    return page(
        _table(periods, now) if periods else _none(archived),
        _paused(paused) if paused else None,
        _events(dead_events, waiting_events) if dead_events or waiting_events else None,
        *parts,
    )


def _none(archived: Mapping[str, ArchivedTotals]) -> RenderableType:
    number = sum(totals.periods for totals in archived.values())
    if not number:
        return Text(say("No period has arrived yet."))
    text = say_count(
        number,
        "No period is here; {number} is in the archive. `opter-economic archive periods` lists it, and "
        "`opter-economic status PERIOD` shows it.",
        "No period is here; {number} are in the archive. `opter-economic archive periods` lists them, and "
        "`opter-economic status PERIOD` shows one.",
    )
    return Text(text)


def periods_data(
    periods: Sequence[PeriodRecord],
    paused: Mapping[str, Failure],
    *,
    dead_events: int,
    waiting_events: int,
    archived: Mapping[str, ArchivedTotals],
) -> dict[str, Any]:
    """Return the same for scripts."""
    return {
        "archived": {name: asdict(totals) for name, totals in archived.items()},
        "periods": [period_data(period) for period in periods],
        "paused": {name: {"reason": why.reason, "description": why.description} for name, why in paused.items()},
        "deadEvents": dead_events,
        "waitingEvents": waiting_events,
    }


def period_data(period: PeriodRecord) -> dict[str, Any]:
    """Return the period's own record, for scripts."""
    return {
        "id": period.id,
        "export": period.export,
        "number": period.number,
        "name": period.name,
        "region": period.region,
        "closedAt": period.closed_at,
        "receivedAt": formatting.iso(period.received_at),
        "phase": phase_of(period, period.counts).value,
        "toExport": max(period.total, period.invoice_count),
        "counts": {state.value: period.counts.get(state, 0) for state in State},
        "notice": period.notice,
        "conflicts": len(period.conflicts),
        "certificate": summary_data(period.certificate) if period.certificate else None,
        "missing": period.missing,
    }


def _table(periods: Sequence[PeriodRecord], now: float) -> RenderableType:
    keys = (say("Period"), say("Id"), say("State"))
    numbers = (say("All"), say("Exported"), say("Moving"), say("Failed"))
    rows = table(*keys, *numbers, say("Read back"), say("Came"), numbers=numbers, keys=keys)
    rows.padding = (0, 1, 0, 0)  # so that a line of 80 columns holds all of it, broken between words alone
    read_back = [result(each.certificate) if each.certificate else Text(say("not yet"), "quiet") for each in periods]
    rows.columns[-2].min_width = max((len(word) for each in read_back for word in str(each).split()), default=0)
    rows.columns[-1].max_width = len(say("{span} ago", span="0 s"))
    for period, certificate in zip(periods, read_back, strict=True):
        counts = period.counts
        phase = phase_of(period, counts)
        dead = counts.get(State.DEAD, 0)
        rows.add_row(
            Text(printable(period.name), style="strong"),
            period.id,
            Text(say(PHASES[phase]), style=PHASE_STYLES.get(phase, "wait")),
            str(max(period.total, period.invoice_count)),
            str(counts.get(State.EXPORTED, 0)),
            str(sum(counts.get(state, 0) for state in MOVING)),
            Text(str(dead), style="bad" if dead else ""),
            certificate,
            say("{span} ago", span=formatting.span(now - period.received_at)),
        )
    return rows


def _paused(paused: Mapping[str, Failure]) -> RenderableType:
    lines = [
        Text.assemble(
            (f"{name}  ", "bad"),
            described(why.description),
            ("\n→ ", "quiet"),
            f"{say(why.next_step)} {formatting.resuming(name)}",
        )
        for name, why in sorted(paused.items())
    ]
    return section(say("Paused exports"), *lines)


def _events(dead: int, waiting: int) -> RenderableType:
    lines = []
    if waiting:
        lines.append(Text(say("{events} waiting to be taken in.", events=formatting.count(waiting, "event")), "wait"))
    if dead:
        text = say(
            "{events} for a person to see to: `opter-economic events dead list`.",
            events=formatting.count(dead, "event"),
        )
        lines.append(Text(text, style="bad"))
    return section(say("Event queue"), *lines)


def period_view(report: Report, *parts: RenderableType | None) -> RenderableType:
    """Return everything there is to say about one period, further parts below its numbers."""
    return page(
        _heading(report),
        Text(),
        _bar(report),
        Text(),
        facts(_numbers(report)),
        *parts,
        _notice(report.period),
        section(say("Missing"), _missing(report)) if report.period.missing else None,
        section(say("Failed"), by_reason(report.failed)) if report.failed else None,
        _conflicts(report) if report.period.conflicts else None,
        section(say("Gross amounts, as reported by this program"), _totals(report)) if report.totals else None,
        section(say("In e-conomic"), _held(report)),
        _remarks(report) if report.remarks else None,
    )


def _notice(period: PeriodRecord) -> RenderableType | None:
    """Show the period's notice, which the store has in English alone; in Danish the reasons below it say as much."""
    return section(say("Notice"), period.notice) if period.notice and spoken() == "en" else None


def progress_view(report: Report) -> RenderableType:
    """Return the part of it that moves: it fits on any screen, whatever has failed."""
    return page(_heading(report), Text(), _bar(report), Text(), facts(_numbers(report)), Text())


def period_data_in_full(report: Report) -> dict[str, Any]:
    """Return the same for scripts."""
    return period_data(report.period) | {
        "phase": report.phase.value,
        "toExport": report.total,
        "counts": {state.value: report.counts.get(state, 0) for state in State},
        "outcomes": {outcome.value: report.outcomes.get(outcome, 0) for outcome in Outcome},
        "alreadyThere": report.already_there,
        "failed": dict(report.failed),
        "waiting": dict(report.waiting),
        "totals": [_total_data(total) for total in report.totals],
        "linesWithEconomicUnits": report.lines_with_units,
        "remarks": dict(report.remarks),
        "lastActivity": formatting.iso(report.last_activity),
        "invoicesPerMinute": None if report.rate is None else round(report.rate, 1),
        "secondsLeft": None if report.seconds_left is None else round(report.seconds_left),
        "conflicts": [
            {"invoice": conflict.invoice_id, "at": formatting.iso(conflict.at)} for conflict in report.period.conflicts
        ],
        "acceptedConflicts": [
            {"invoice": conflict.invoice_id, "at": formatting.iso(conflict.at), "accepted": conflict.accepted}
            for conflict in report.period.accepted_conflicts
        ],
    }


def _heading(report: Report) -> RenderableType:
    period = report.period
    region = say(" · region {region}", region=period.region) if period.region else ""
    closed = say("closed {when}", when=formatting.moment_of(period.closed_at))
    return Text.assemble(
        (say("Period {name}", name=printable(period.name)), "title"),
        (f"  {period.id}{region} · {closed} · ", "quiet"),
        (say(PHASES[report.phase]), PHASE_STYLES.get(report.phase, "wait")),
    )


def _bar(report: Report) -> RenderableType:
    share = report.exported / report.total if report.total else 0.0
    grid = Table.grid(padding=(0, 2, 0, 0))
    bar = ProgressBar(total=report.total or 1, completed=report.exported, width=48)
    grid.add_row(bar, Text(f"{exported_of(report.exported, report.total)} · {int(share * 100)} %", style="strong"))
    return grid


def exported_of(exported: int, total: int) -> str:
    """Return ``3 of 4 exported``."""
    return say("{exported} of {total} exported", exported=exported, total=total)


def _numbers(report: Report) -> list[tuple[str, RenderableType]]:
    units = say("on {lines}; e-conomic does not get them", lines=formatting.count(report.lines_with_units, "line"))
    rate = (
        say_count(round(report.rate), "{number} invoice a minute", "{number} invoices a minute") if report.rate else ""
    )
    return [
        (say("To be exported"), str(report.total)),
        (say("Exported"), Text(_exported(report), style="good" if report.exported else "")),
        (say("On their way"), Text(_moving(report), style="wait") if report.moving else ""),
        (say("Failed"), Text(str(report.dead), style="bad") if report.dead else "0"),
        (say("Rate"), rate if report.moving else ""),
        (say("Time left"), formatting.span(report.seconds_left) if report.seconds_left else ""),
        (say("Last activity"), formatting.moment(report.last_activity)),
        (say("Economic units"), units if report.lines_with_units else ""),
    ]


def _exported(report: Report) -> str:
    parts = [say(_OUTCOMES[outcome], number=number) for outcome, number in report.outcomes.items()]
    if report.already_there:
        parts.append(say("{number} of them already there", number=report.already_there))
    return f"{report.exported}  ({', '.join(parts)})" if parts else str(report.exported)


def _moving(report: Report) -> str:
    reasons = ", ".join(f"{number} {title(reason)}" for reason, number in report.waiting.items())
    return f"{report.moving}  ({reasons})" if reasons else str(report.moving)


def _missing(report: Report) -> RenderableType:
    count = formatting.count(report.period.missing, "invoice")
    text = say(
        "{invoices} broken in the event and not taken in: see `opter-economic events dead list`.", invoices=count
    )
    return Text(text, style="bad")


def _conflicts(report: Report) -> RenderableType:
    rows = table(say("Invoice"), say("Came again"), say("Event"), keys=(say("Invoice"),))
    for conflict in report.period.conflicts:
        rows.add_row(conflict.invoice_id, formatting.moment(conflict.at), conflict.event_key)
    text = say(
        "Sent again with other content after it was posted. What is in e-conomic was left as it is; compare the two "
        "with `opter-economic conflicts show INVOICE`, put e-conomic right, then `conflicts accept INVOICE --why …`."
    )
    return section(say("Conflicts"), Text(text, style="bad"), rows)


def _totals(report: Report) -> RenderableType:
    out = (say("Left out"),) if any(total.left_out_gross for total in report.totals) else ()
    by_hand = (say("Marked by hand"),) if any(total.by_hand_gross for total in report.totals) else ()
    columns = ("Opter", say("Exported"), *out, *by_hand, say("Remaining"))
    rows = table(say("Currency"), *columns, numbers=columns)
    for total in report.totals:
        apart = (formatting.money(total.left_out_gross),) * len(out)
        apart += (formatting.money(total.by_hand_gross),) * len(by_hand)
        remaining = Text(formatting.money(total.remaining), style="wait" if total.remaining else "good")
        rows.add_row(
            total.currency, formatting.money(total.gross), formatting.money(total.exported_gross), *apart, remaining
        )
    return page(
        rows,
        *map(_booked_otherwise, report.totals),
        *(_changed(total) for total in report.totals if report.phase not in _INCOMPLETE),
    )


def _booked_otherwise(total: Totals) -> RenderableType | None:
    """Say by how much the books differ from Opter, as the tolerance allows."""
    if not total.booked_difference:
        return None
    difference = formatting.money(total.booked_difference)
    text = say(
        "Booked within the tolerance: {difference} {currency} against Opter; see the remarks.",
        difference=difference,
        currency=total.currency,
    )
    return Text(text, "quiet")


def _held(report: Report) -> RenderableType:
    """Say what e-conomic held when it was last read back, and when: nothing else on this page was read there."""
    certificate = report.period.certificate
    if certificate is None:
        text = say("Not read back yet: `opter-economic reconcile {period}` does it.", period=report.period.id)
        return Text(text, style="quiet")
    numbers = (say("Invoices"), say("Gross"))
    rows = table(say("Currency"), *numbers, numbers=numbers)
    for currency, (invoices, gross) in held(certificate).items():
        rows.add_row(currency, str(invoices), formatting.money(gross))
    read = Text.assemble(
        say("Read at {when}:", when=when(certificate.at)), " ", result(certificate), (f"  {certificate.id}", "quiet")
    )
    return page(rows, read)


def _changed(total: Totals) -> RenderableType | None:
    """Say when the invoices are no longer those that Opter added up; an event whose sums never agreed was refused."""
    if total.control_gross in (None, total.gross):
        return None
    control = formatting.money(total.control_gross or ZERO)
    text = say(
        "At closing, Opter said {amount} {currency}; invoices were replaced or added since.",
        amount=control,
        currency=total.currency,
    )
    return Text(text, "quiet")


def _remarks(report: Report) -> RenderableType:
    rows = table(say("Invoices"), say("Done differently from the source"), numbers=(say("Invoices"),))
    for remark, number in report.remarks.items():
        rows.add_row(str(number), remark)
    return section(say("Remarks"), rows)


def _total_data(total: Totals) -> dict[str, str | None]:
    amounts = data_of(total) | {"remainingGross": total.remaining}
    return {name: None if amount is None else str(amount) for name, amount in amounts.items()}
