"""What ``learn`` shows: what was recognised, the proposal, the invoices with their sums, what is still missing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli.formatting import count, data_of, money, page, printable, section, table
from worker.cli.language import mark, say
from worker.cli.words import described
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.intake.learning.learn import Learnt
from worker.intake.learning.proposal import Proposal
from worker.intake.learning.readings import Missing

#: Invoices that are listed; of the rest the sums are shown.
_MOST_INVOICES = 20
_FORMATS = {
    "csv": "CSV", "xlsx": "XLSX", "xml": "XML", "ubl": mark("UBL (Peppol or OIOUBL)"), "own-xml": mark("our own XML"),
    "json": "JSON",
}  # fmt: skip


def learnt_data(learnt: Learnt) -> dict[str, Any]:
    """Return what was learnt, for JSON."""
    proposal = learnt.proposal
    return {
        "format": learnt.format,
        "proposal": None if proposal is None else {"kind": proposal.kind, "text": proposal.text},
        "recognised": [data_of(each) for each in proposal.recognised] if proposal else [],
        "doubts": list(proposal.doubts) if proposal else [],
        "invoices": [
            each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in learnt.readings.invoices
        ],
        "sums": {currency: list(map(str, sums)) for currency, sums in _sums(learnt.readings.invoices).items()},
        "missing": [data_of(each) for each in learnt.readings.missing],
    }


def recognised_view(learnt: Learnt, files: Sequence[Path]) -> RenderableType:
    """Return the beginning of the page: what the file is, and what its names were taken for."""
    names = printable(", ".join(path.name for path in files))
    proposal = learnt.proposal
    return page(
        Text.assemble((names, "strong"), say(": {format}. Nothing is sent.", format=say(_FORMATS[learnt.format]))),
        section(say("What was recognised"), _recognised(proposal)) if proposal else None,
        Text("\n" + say("Proposed {kind}", kind=proposal.kind), style="title") if proposal else None,
    )


def readings_view(learnt: Learnt, next_step: str) -> RenderableType:
    """Return the rest of the page: the invoices, what is missing, and what to do next."""
    doubts = learnt.proposal.doubts if learnt.proposal else ()
    return page(
        section(say("To be looked at"), *(Text(f"• {doubt}") for doubt in doubts)) if doubts else None,
        section(say("Invoices"), *_invoices(learnt.readings.invoices)),
        section(say("Still missing"), *_missing(learnt)) if learnt.readings.missing else None,
        Text(f"\n→ {next_step}"),
    )


def _recognised(proposal: Proposal) -> RenderableType:
    rows = table(say("In the file"), say("Ours"), say("Example"))
    for each in proposal.recognised:
        field = Text(each.field) if each.field else Text(say("not used"), "quiet")
        rows.add_row(printable(each.name), field, printable(each.example))
    return rows


def _invoices(invoices: Sequence[Invoice]) -> Iterator[RenderableType]:
    if not invoices:
        yield Text(say("None can be read yet."), "wait")
        return
    amounts = (say("Net"), "VAT", say("Gross"))
    rows = table(
        say("Invoice"),
        say("Kind"),
        say("Date"),
        say("Due"),
        say("Customer"),
        say("Lines"),
        "",
        *amounts,
        numbers=(say("Lines"), *amounts),
    )
    for invoice in invoices[:_MOST_INVOICES]:
        rows.add_row(
            str(invoice.invoice_number),
            str(invoice.invoice_type),
            str(invoice.invoice_date),
            str(invoice.due_date),
            printable(f"{invoice.customer.code} {invoice.customer.name}"),
            str(len(invoice.lines)),
            invoice.currency,
            *(money(amount) for amount in (invoice.net, invoice.vat, invoice.gross)),
        )
    for currency, sums in _sums(invoices).items():
        number = sum(invoice.currency == currency for invoice in invoices)
        rows.add_row(
            "", "", "", "", say("{invoices} in all", invoices=count(number, "invoice")), "", currency, *map(money, sums)
        )
    yield rows


def _sums(invoices: Sequence[Invoice]) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    for invoice in invoices:
        net, vat, gross = found.get(invoice.currency, (ZERO, ZERO, ZERO))
        found[invoice.currency] = (net + invoice.net, vat + invoice.vat, gross + invoice.gross)
    return dict(sorted(found.items()))


def _missing(learnt: Learnt) -> Iterator[RenderableType]:
    in_xml = learnt.format == "xml"
    for each in learnt.readings.missing:
        yield Text.assemble(
            ("✗ ", "bad"), (each.field or say("the file"), "strong"), f": {say(each.why)}" if each.why else ""
        )
        if each.write:
            yield Text(f"    {_in_stylesheet(each) if in_xml else each.write}")
        more = say(" (and at {places})", places=count(each.places - 1, "more place")) if each.places > 1 else ""
        yield Text(f"    {printable(described(each.example))}{more}", "quiet")


def _in_stylesheet(missing: Missing) -> str:
    element = missing.field.rpartition(".")[2]
    text = say(
        "in the stylesheet, write the path of your element into select of <{element}>, or a value in quotes",
        element=element,
    )
    return text + ": select=\"'25'\""


def next_step(learnt: Learnt, file: Path, out: Path | None, option: str) -> str:
    """Return what to do next; ``option`` is how the file was read: ``--mapping FILE``."""
    first = printable(str(file))
    if learnt.proposal is None:
        if learnt.readings.missing:
            return say("Correct what is named, and ask again.")
        return say(
            "All is there. See what would be sent: `opter-economic plan {first}{option}`, and --period with Opter's "
            "number of the period, where the file names none; then `publish` the same way.",
            first=first,
            option=option,
        )
    kind = learnt.proposal.kind
    name = f"{kind}.{'toml' if kind == 'mapping' else 'xslt'}"
    if out is None:
        return say(
            "Keep it: add --out {name}. Edit it where something is missing, and ask again with --{kind} {name}.",
            name=name,
            kind=kind,
        )
    return say(
        "Edit {out} where something is missing, and ask again: `opter-economic learn {first} --{kind} {out}`.",
        out=out,
        first=first,
        kind=kind,
    )
