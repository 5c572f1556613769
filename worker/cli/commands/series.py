"""``series``: every number of Opter's series accounted for, and gaps explained by a person."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.certificate_files import Row, write_csv
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import page, print_json, section, table
from worker.cli.language import mark, say, say_count
from worker.cli.lookup import AsJson, By
from worker.domain.number_series import Explanation, NumberSeries, NumberStatus, number_series
from worker.domain.store_port import Store

series = typer.Typer(
    help="Show Opter's number series: every number accounted for, and every gap explained or red.",
    invoke_without_command=True,
)

_HEAD = ("export", "region", "series", "first", "last", "count", "status", "detail")
_COLUMNS = (mark("From"), mark("To"), mark("Expected"))
#: Narrow headings: with all of them beside each other a line has no room for more.
HEADINGS = {
    NumberStatus.EXPORTED: mark("Exported"),
    NumberStatus.BY_HAND: mark("By\nhand"),
    NumberStatus.EXCLUDED: mark("Excluded"),
    NumberStatus.FAILED: mark("Failed"),
    NumberStatus.ON_ITS_WAY: mark("On\nits\nway"),
    NumberStatus.TAKEN: mark("Taken\nby\nother"),
    NumberStatus.EXPLAINED: mark("Explained"),
    NumberStatus.NEVER_RECEIVED: mark("Never\nreceived"),
}
#: Gaps shown of one series; files and ``--json`` hold all.
SHOWN = 20

ExportName = Annotated[
    str | None, typer.Option("--export", metavar="NAME", help="Only this entry of the exports file.")
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", dir_okay=False, help="Write a row a span of numbers as CSV."),
]
Offline = Annotated[bool, typer.Option("--offline", help="Do not look missing numbers up in e-conomic.")]
First = Annotated[int, typer.Argument(metavar="FIRST", help="The first number.")]
Last = Annotated[int | None, typer.Argument(metavar="[LAST]", help="The last number; none: the first alone.")]
Why = Annotated[str, typer.Option("--why", help="Why these numbers never came; shown wherever the gap is.")]
Region = Annotated[str | None, typer.Option("--region", help="The region that numbers apart.")]
Type = Annotated[str, typer.Option("--type", help="The invoice type that numbers apart (invoice_series = by-type).")]


@series.callback()
def series_default(
    ctx: typer.Context, export: ExportName = None, csv: Csv = None, *, offline: Offline = False, as_json: AsJson = False
) -> None:
    """Show the number series of every export. Exit code 1 when a gap is unexplained.

    A number that never came is looked up in e-conomic: somebody else's document may have it.
    """
    if ctx.invoked_subcommand is not None:
        return
    context: CommandContext = ctx.obj
    names = [context.export(export).name] if export else sorted(context.exports)
    with context.store() as store:
        found = {name: _series(context, store, name, offline=offline) for name in names}
    if csv:
        write_csv(csv, _HEAD, _rows(found))
    if as_json:
        print_json(context.out, [_data(name, each) for name, every in found.items() for each in every])
    else:
        context.out.print(page(*(_view(name, every) for name, every in found.items())))
    red = any(each.gaps for every in found.values() for each in every)
    raise typer.Exit(ExitCode.PERSON if red else ExitCode.OK)


@series.command("explain")
def series_explain(  # noqa: PLR0913, PLR0917  # one parameter for each part of what is explained
    ctx: typer.Context,
    first: First,
    last: Last = None,
    export: ExportName = None,
    region: Region = None,
    kind: Type = "",
    *,
    why: Why,
    by: By,
) -> None:
    """Say why numbers never came, for example that the series was begun anew. It is kept with your name."""
    context: CommandContext = ctx.obj
    names = [context.export(export).name] if export else sorted(context.exports)
    if len(names) != 1 or (last or first) < first:
        raise WrongUsage(say("Say of which export, and the first number before the last."), say("--export names it."))
    explanation = Explanation(
        region=region,
        series=kind,
        first=first,
        last=last or first,
        by=by,
        why=why,
        at=datetime.fromtimestamp(context.clock(), UTC).isoformat(timespec="seconds"),
    )
    with context.store() as store:
        store.explain(names[0], explanation)
    text = say(
        "{first} to {last} of {export} are explained.",
        first=explanation.first,
        last=explanation.last,
        export=names[0],
    )
    context.out.print(text)


def _series(context: CommandContext, store: Store, name: str, *, offline: bool) -> tuple[NumberSeries, ...]:
    from worker.reconcile.taken_numbers import taken_numbers  # noqa: PLC0415  # the store alone needs no client

    export, numbers = context.export(name), list(store.numbers(name))
    explanations, by_type = store.explanations(name), export.invoice_series == "by-type"
    found = number_series(numbers, by_type=by_type, explanations=explanations)
    if offline or not any(each.gaps for each in found):
        return found
    with context.reconciler(export) as reconciler:
        taken = taken_numbers(found, reconciler.ledger)
    return number_series(numbers, by_type=by_type, explanations=explanations, taken=taken)


def _view(name: str, every: Sequence[NumberSeries]) -> RenderableType:
    if not every:
        return section(say("Export {export}", export=name), Text(say("No invoice has come yet."), style="quiet"))
    shown = [status for status in NumberStatus if any(each.counts.get(status) for each in every)]
    columns = (*map(say, _COLUMNS), *(say(HEADINGS[status]) for status in shown))
    rows = table(say("Region"), say("Series"), *columns, numbers=columns)
    for each in every:
        counts = each.counts
        numbers = [_number(status, counts.get(status, 0)) for status in shown]
        place = each.region or say("all"), each.series or say("all types")
        rows.add_row(*place, str(each.first), str(each.last), str(each.expected), *numbers)
    gaps = [gap for each in every if each.gaps for gap in _gaps(each)]
    return section(say("Export {export}", export=name), rows, *gaps)


def _number(status: NumberStatus, number: int) -> Text:
    red = number and status in (NumberStatus.NEVER_RECEIVED, NumberStatus.FAILED)
    return Text(str(number) if number else "", style="bad" if red else "")


def _gaps(each: NumberSeries) -> Iterator[RenderableType]:
    place = " ".join(filter(None, (each.region, each.series)))
    for gap in each.gaps[:SHOWN]:
        named = str(gap.first) if gap.count == 1 else say("{first} to {last}", first=gap.first, last=gap.last)
        count = formatting.count(gap.count, "number")
        text = (
            say("Never received in {place}: {numbers} ({count}).", place=place, numbers=named, count=count)
            if place
            else say("Never received in the series: {numbers} ({count}).", numbers=named, count=count)
        )
        yield Text(text, style="bad")
    if len(each.gaps) > SHOWN:
        text = say_count(
            len(each.gaps) - SHOWN,
            "… and {number} more gap (--json and --csv hold all)",
            "… and {number} more gaps (--json and --csv hold all)",
        )
        yield Text(text, style="quiet")
    step = say(
        "Send the period again from Opter, or say why they never came: "
        "`opter-economic series explain FIRST LAST --why ...`."
    )
    yield Text(f"→ {step}")


def _rows(found: dict[str, tuple[NumberSeries, ...]]) -> Iterator[Row]:
    for name, every in found.items():
        for each in every:
            for span in each.spans:
                yield name, each.region, each.series, span.first, span.last, span.count, span.status.value, span.detail


def _data(name: str, each: NumberSeries) -> dict[str, Any]:
    return {
        "export": name,
        "region": each.region,
        "series": each.series or None,
        "first": each.first,
        "last": each.last,
        "expected": each.expected,
        "counts": {status.value: each.counts.get(status, 0) for status in NumberStatus},
        "spans": [
            {"first": span.first, "last": span.last, "status": span.status.value, "detail": span.detail}
            for span in each.spans
        ],
    }
