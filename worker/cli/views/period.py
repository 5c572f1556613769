"""All periods at a glance, and one period in full."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import data_of, facts, page, printable, section, table
from worker.cli.lookup import by_reason, title
from worker.cli.views.certificate_summary import result, summary_data, when
from worker.domain.invoice_period import PeriodRecord, held
from worker.domain.money import ZERO
from worker.domain.period_report import MOVING, Phase, Report, Totals, phase_of
from worker.domain.record import Outcome, State
from worker.errors import Failure

PHASE_STYLES = {Phase.DONE: "good", Phase.NEEDS_A_PERSON: "bad", Phase.DIFFERS: "bad", Phase.HELD: "bad"}
_NUMBERS = ("All", "Exported", "Moving", "Failed")
_OUTCOMES = {
    Outcome.BOOKED: "booked",
    Outcome.DRAFTED: "left as drafts",
    Outcome.VOUCHER: "as vouchers",
    Outcome.BY_HAND: "marked by hand",
    Outcome.EXCLUDED: "excluded by their type",
    Outcome.NOTHING_TO_BOOK: "with nothing to book",
    Outcome.DISCARDED: "discarded by hand",
}
_INCOMPLETE = (Phase.TAKING_IN, Phase.CHECKING, Phase.HELD)


def periods_view(
    periods: Sequence[PeriodRecord],
    paused: Mapping[str, Failure],
    *parts: RenderableType | None,
    dead_events: int,
    waiting_events: int,
    now: float,
) -> RenderableType:
    """Return the table of periods and below it the paused exports, the event queue, and further parts."""
    return page(
        _table(periods, now) if periods else Text("No period has arrived yet."),
        _paused(paused) if paused else None,
        _events(dead_events, waiting_events) if dead_events or waiting_events else None,
        *parts,
    )


def periods_data(
    periods: Sequence[PeriodRecord], paused: Mapping[str, Failure], *, dead_events: int, waiting_events: int
) -> dict[str, Any]:
    """Return the same for scripts."""
    return {
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
    keys = ("Period", "Id", "State")
    rows = table(*keys, *_NUMBERS, "Read back", "Came", numbers=_NUMBERS, keys=keys)
    rows.padding = (0, 1, 0, 0)  # so that a line of 80 columns holds all of it, broken between words alone
    read_back = [result(each.certificate) if each.certificate else Text("not yet", "quiet") for each in periods]
    rows.columns[-2].min_width = max((len(word) for each in read_back for word in str(each).split()), default=0)
    rows.columns[-1].max_width = len("0 s ago")
    for period, certificate in zip(periods, read_back, strict=True):
        counts = period.counts
        phase = phase_of(period, counts)
        dead = counts.get(State.DEAD, 0)
        rows.add_row(
            Text(printable(period.name), style="strong"),
            period.id,
            Text(phase.value, style=PHASE_STYLES.get(phase, "wait")),
            str(max(period.total, period.invoice_count)),
            str(counts.get(State.EXPORTED, 0)),
            str(sum(counts.get(state, 0) for state in MOVING)),
            Text(str(dead), style="bad" if dead else ""),
            certificate,
            f"{formatting.span(now - period.received_at)} ago",
        )
    return rows


def _paused(paused: Mapping[str, Failure]) -> RenderableType:
    lines = [
        Text.assemble(
            (f"{name}  ", "bad"), why.description, ("\n→ ", "quiet"), f"{why.next_step} {formatting.resuming(name)}"
        )
        for name, why in sorted(paused.items())
    ]
    return section("Paused exports", *lines)


def _events(dead: int, waiting: int) -> RenderableType:
    lines = []
    if waiting:
        lines.append(Text(f"{formatting.count(waiting, 'event')} waiting to be taken in.", style="wait"))
    if dead:
        text = f"{formatting.count(dead, 'event')} for a person to see to: `opter-economic events dead list`."
        lines.append(Text(text, style="bad"))
    return section("Event queue", *lines)


def period_view(report: Report, *parts: RenderableType | None) -> RenderableType:
    """Return everything there is to say about one period, further parts below its numbers."""
    return page(
        _heading(report),
        Text(),
        _bar(report),
        Text(),
        facts(_numbers(report)),
        *parts,
        section("Notice", report.period.notice) if report.period.notice else None,
        section("Missing", _missing(report)) if report.period.missing else None,
        section("Failed", by_reason(report.failed)) if report.failed else None,
        _conflicts(report) if report.period.conflicts else None,
        section("Gross amounts, as reported by this program", _totals(report)) if report.totals else None,
        section("In e-conomic", _held(report)),
        _remarks(report) if report.remarks else None,
    )


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
    region = f" · region {period.region}" if period.region else ""
    return Text.assemble(
        (f"Period {printable(period.name)}", "title"),
        (f"  {period.id}{region} · closed {formatting.moment_of(period.closed_at)} · ", "quiet"),
        (report.phase.value, PHASE_STYLES.get(report.phase, "wait")),
    )


def _bar(report: Report) -> RenderableType:
    share = report.exported / report.total if report.total else 0.0
    grid = Table.grid(padding=(0, 2, 0, 0))
    bar = ProgressBar(total=report.total or 1, completed=report.exported, width=48)
    grid.add_row(bar, Text(f"{report.exported} of {report.total} exported · {int(share * 100)} %", style="strong"))
    return grid


def _numbers(report: Report) -> list[tuple[str, RenderableType]]:
    units = f"on {formatting.count(report.lines_with_units, 'line')}; e-conomic does not get them"
    return [
        ("To be exported", str(report.total)),
        ("Exported", Text(_exported(report), style="good" if report.exported else "")),
        ("On their way", Text(_moving(report), style="wait") if report.moving else ""),
        ("Failed", Text(str(report.dead), style="bad") if report.dead else "0"),
        ("Rate", f"{report.rate:.0f} invoices a minute" if report.rate and report.moving else ""),
        ("Time left", formatting.span(report.seconds_left) if report.seconds_left else ""),
        ("Last activity", formatting.moment(report.last_activity)),
        ("Economic units", units if report.lines_with_units else ""),
    ]


def _exported(report: Report) -> str:
    parts = [f"{number} {_OUTCOMES[outcome]}" for outcome, number in report.outcomes.items()]
    if report.already_there:
        parts.append(f"{report.already_there} of them already there")
    return f"{report.exported}  ({', '.join(parts)})" if parts else str(report.exported)


def _moving(report: Report) -> str:
    reasons = ", ".join(f"{number} {title(reason)}" for reason, number in report.waiting.items())
    return f"{report.moving}  ({reasons})" if reasons else str(report.moving)


def _missing(report: Report) -> RenderableType:
    count = formatting.count(report.period.missing, "invoice")
    return Text(f"{count} broken in the event and not taken in: see `opter-economic events dead list`.", style="bad")


def _conflicts(report: Report) -> RenderableType:
    rows = table("Invoice", "Came again", "Event", keys=("Invoice",))
    for conflict in report.period.conflicts:
        rows.add_row(conflict.invoice_id, formatting.moment(conflict.at), conflict.event_key)
    text = (
        "Sent again with other content after it was posted. What is in e-conomic was left as it is; compare the two "
        "with `opter-economic conflicts show INVOICE`, put e-conomic right, then `conflicts accept INVOICE --why …`."
    )
    return section("Conflicts", Text(text, style="bad"), rows)


def _totals(report: Report) -> RenderableType:
    out = ("Left out",) if any(total.left_out_gross for total in report.totals) else ()
    by_hand = ("Marked by hand",) if any(total.by_hand_gross for total in report.totals) else ()
    columns = ("Opter", "Exported", *out, *by_hand, "Remaining")
    rows = table("Currency", *columns, numbers=columns)
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
    return Text(f"Booked within the tolerance: {difference} {total.currency} against Opter; see the remarks.", "quiet")


def _held(report: Report) -> RenderableType:
    """Say what e-conomic held when it was last read back, and when: nothing else on this page was read there."""
    certificate = report.period.certificate
    if certificate is None:
        text = f"Not read back yet: `opter-economic reconcile {report.period.id}` does it."
        return Text(text, style="quiet")
    rows = table("Currency", "Invoices", "Gross", numbers=("Invoices", "Gross"))
    for currency, (invoices, gross) in held(certificate).items():
        rows.add_row(currency, str(invoices), formatting.money(gross))
    read = Text.assemble(f"Read at {when(certificate.at)}: ", result(certificate), (f"  {certificate.id}", "quiet"))
    return page(rows, read)


def _changed(total: Totals) -> RenderableType | None:
    """Say when the invoices are no longer those that Opter added up; an event whose sums never agreed was refused."""
    if total.control_gross in (None, total.gross):
        return None
    control = formatting.money(total.control_gross or ZERO)
    return Text(f"At closing, Opter said {control} {total.currency}; invoices were replaced or added since.", "quiet")


def _remarks(report: Report) -> RenderableType:
    rows = table("Invoices", "Done differently from the source", numbers=("Invoices",))
    for remark, number in report.remarks.items():
        rows.add_row(str(number), remark)
    return section("Remarks", rows)


def _total_data(total: Totals) -> dict[str, str | None]:
    amounts = data_of(total) | {"remainingGross": total.remaining}
    return {name: None if amount is None else str(amount) for name, amount in amounts.items()}
