"""Options and arguments that several commands share, worded once."""

from getpass import getuser
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document instead of a table.")]
InvoiceId = Annotated[
    str, typer.Argument(metavar="ID", help="An invoice, for example main-100353, or a task id from Flower.")
]
By = Annotated[
    str,
    typer.Option(
        "--by", help="Who does this, for the history.", default_factory=getuser, show_default="your login name"
    ),
]
Period = Annotated[
    str | None, typer.Option("--period", metavar="PERIOD", help="Only this period: its id, or Opter's name of it.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="REASON", help="Only this reason code, for example totals-mismatch.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An entry of the exports file.")]


def invoice_id(text: str) -> str:
    """Return the invoice's id; Flower's task ids are that, a dot and a few digits."""
    return text.partition(".")[0]
