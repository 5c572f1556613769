"""``certificate``: what was read back from e-conomic earlier, as it was kept."""

from typing import Annotated

import typer
from rich.text import Text

from worker.cli.commands.reconcile import Csv, Xlsx, write_files
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.formatting import print_json
from worker.cli.language import say
from worker.cli.lookup import AsJson, find_period
from worker.cli.views.certificate import certificate_data, certificate_view
from worker.cli.views.certificate_summary import summaries_view, summary_data
from worker.domain.certificate import read_certificate
from worker.domain.invoice_period import StoredCertificate
from worker.domain.store_port import Store

certificate = typer.Typer(help="Show certificates: what was read back from e-conomic, and when.", no_args_is_help=True)

PeriodArgument = Annotated[str, typer.Argument(metavar="PERIOD", help="A period's id, or Opter's name of it.")]
Which = Annotated[
    str, typer.Argument(metavar="CERTIFICATE|PERIOD", help="A certificate's id, or a period for its last one.")
]


@certificate.command("list")
def certificate_list(ctx: typer.Context, period: PeriodArgument, *, as_json: AsJson = False) -> None:
    """List the certificates of a period, oldest first."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        kept = store.certificates(find_period(store, period).id)
    if as_json:
        print_json(context.out, [summary_data(each) for each in kept])
    else:
        none = Text(say("No certificate of this period has been made."))
        context.out.print(summaries_view(kept) if kept else none)


@certificate.command("show")
def certificate_show(
    ctx: typer.Context, which: Which, csv: Csv = None, xlsx: Xlsx = None, *, as_json: AsJson = False
) -> None:
    """Show one certificate as it was kept, or the last one of a period. Its hash is checked first."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        kept = _find(store, which)
    try:
        document = read_certificate(kept)
    except ValueError as error:
        raise WrongUsage(
            say("The store is damaged: {error}.", error=error), say("Reconcile the period again.")
        ) from None
    write_files(kept, document, csv=csv, xlsx=xlsx)
    if as_json:
        print_json(context.out, certificate_data(kept))
    else:
        context.out.print(certificate_view(kept, document))


def _find(store: Store, which: str) -> StoredCertificate:
    found = store.certificate(which)
    if found is None:
        every = store.certificates(find_period(store, which).id)
        found = store.certificate(every[-1].id) if every else None
    if found is None:
        raise WrongUsage(
            say("No certificate of period {period} has been made.", period=which),
            say("`opter-economic reconcile {period}` does.", period=which),
        )
    return found
