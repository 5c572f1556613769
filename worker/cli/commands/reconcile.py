"""``reconcile``: periods read back from e-conomic now, each with its certificate."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.certificate_files import INVOICE_HEAD, invoice_rows, write_csv, write_workbook
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import print_json
from worker.cli.language import say
from worker.cli.lookup import AsJson, find_period
from worker.cli.views.certificate import certificate_data, certificate_view
from worker.domain.certificate import Certificate, stored
from worker.domain.invoice_period import PeriodRecord, StoredCertificate
from worker.domain.store_port import Store
from worker.reconcile.certify import keep_certificate, make_certificate

Which = Annotated[
    str | None, typer.Argument(metavar="PERIOD", help="A period's id (main-p881) or Opter's name of it (2026-47A).")
]
_DAY = ["%Y-%m-%d"]
First = Annotated[
    datetime | None, typer.Option("--from", formats=_DAY, help="All periods closed on this day or later, instead.")
]
Last = Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="And on this day or earlier.")]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", dir_okay=False, help="Write a row an invoice as CSV as well.")
]
Xlsx = Annotated[
    Path | None,
    typer.Option("--xlsx", metavar="FILE", dir_okay=False, help="Write a workbook as well: sums and every invoice."),
]


def reconcile(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    period: Which = None,
    first: First = None,
    last: Last = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read periods back from e-conomic and compare every invoice: the certificate, which is kept.

    Exit code 1 when there are differences that nobody has accepted, 3 when not everything could be read.
    """
    context: CommandContext = ctx.obj
    if bool(period) == bool(first or last):
        raise WrongUsage(
            say("Say which periods: one by its id or name, or --from and --to."), say("`status` lists all periods.")
        )
    with context.store() as store:
        periods = [find_period(store, period)] if period else closed_between(store, _day(first), _day(last))
        if len(periods) != 1 and (csv or xlsx):
            raise WrongUsage(say("A file holds the certificate of one period."), say("Name the period."))
        made = [_made(context, store, each) for each in periods]
    for kept, certificate in made:
        write_files(kept, certificate, csv=csv, xlsx=xlsx)
    if as_json:
        documents: list[dict[str, Any]] = [certificate_data(kept) for kept, _ in made]
        print_json(context.out, documents[0] if period else documents)
    else:
        for kept, certificate in made:
            context.out.print(certificate_view(kept, certificate))
    raise typer.Exit(exit_code([certificate for _, certificate in made]))


def closed_between(store: Store, first: date | None, last: date | None) -> list[PeriodRecord]:
    """Return the periods that Opter closed between these days, both included, oldest first. Raises ``WrongUsage``."""
    chosen = [
        period
        for period in reversed(store.periods())
        if (first or date.min) <= datetime.fromisoformat(period.closed_at).date() <= (last or date.max)
    ]
    if not chosen:
        raise WrongUsage(say("No period was closed then."), say("`opter-economic status` lists all periods."))
    return chosen


def write_files(kept: StoredCertificate, certificate: Certificate, *, csv: Path | None, xlsx: Path | None) -> None:
    """Write the files that were asked for. Raises ``WrongUsage``."""
    if csv:
        write_csv(csv, INVOICE_HEAD, invoice_rows(certificate))
    if xlsx:
        write_workbook(xlsx, kept, certificate)


def exit_code(certificates: list[Certificate]) -> ExitCode:
    """Return what a script should know of certificates."""
    if any(certificate.differences for certificate in certificates):
        return ExitCode.PERSON
    return ExitCode.OK if all(certificate.complete for certificate in certificates) else ExitCode.UNREACHABLE


def _made(context: CommandContext, store: Store, period: PeriodRecord) -> tuple[StoredCertificate, Certificate]:
    with context.reconciler(context.export(period.export)) as reconciler:
        certificate = make_certificate(store, period.id, reconciler)
    if certificate is None:
        raise WrongUsage(
            say("There is no period {name} any more.", name=repr(period.id)),
            say("`opter-economic status` lists all periods."),
        )
    keep_certificate(store, certificate)
    return stored(certificate), certificate


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
