"""A certificate as files for a spreadsheet: CSV with a row an invoice, and a workbook with a sheet for each table."""

import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from worker.cli.error_output import WrongUsage
from worker.cli.language import mark, say
from worker.cli.views.certificate import VERDICTS
from worker.domain.certificate import Certificate, Finding, Verdict
from worker.domain.invoice_period import StoredCertificate

Row: TypeAlias = Sequence[object]

#: Names of columns: as they stand in CSV, which programs read, and said in a workbook.
INVOICE_HEAD = (
    mark("id"),
    mark("invoiceNumber"),
    mark("verdict"),
    mark("currency"),
    mark("opterNet"),
    mark("opterVat"),
    mark("opterGross"),
    mark("economicNet"),
    mark("economicVat"),
    mark("economicGross"),
    mark("difference"),
    mark("remainder"),
    mark("where"),
    mark("fields"),
    mark("acceptedBy"),
    mark("acceptedWhy"),
)
_AMOUNTS = ("invoices", "net", "vat", "gross")
CURRENCY_HEAD = (
    mark("currency"),
    mark("opter_invoices"),
    mark("opter_net"),
    mark("opter_vat"),
    mark("opter_gross"),
    mark("economic_invoices"),
    mark("economic_net"),
    mark("economic_vat"),
    mark("economic_gross"),
    mark("difference_invoices"),
    mark("difference_net"),
    mark("difference_vat"),
    mark("difference_gross"),
)
ACCOUNT_HEAD = (
    mark("account"),
    mark("vatCode"),
    mark("currency"),
    mark("opterNet"),
    mark("economicNet"),
    mark("difference"),
)


def invoice_rows(certificate: Certificate) -> Iterator[Row]:
    """Yield a row for each invoice, in the order of ``INVOICE_HEAD``."""
    for finding in certificate.findings:
        yield _invoice_row(finding)


def _invoice_row(finding: Finding) -> Row:
    economic, accepted = finding.books, finding.accepted
    theirs = (economic.net, economic.vat, economic.gross) if economic else (None, None, None)
    read = finding.verdict.value != "cannot-be-read"
    return (
        finding.id,
        finding.invoice_number,
        finding.verdict.value,
        finding.currency,
        finding.opter.net,
        finding.opter.vat,
        finding.opter.gross,
        *theirs,
        finding.opter.gross - (economic.gross if economic else Decimal("0.00")) if read else None,
        finding.remainder,
        finding.where,
        "; ".join(f"{each.field}: {each.opter or '-'} / {each.books}" for each in finding.fields),
        accepted.by if accepted else None,
        accepted.why if accepted else None,
    )


def currency_rows(certificate: Certificate) -> Iterator[Row]:
    """Yield a row for each currency, in the order of ``CURRENCY_HEAD``."""
    for totals in certificate.currencies:
        sides = (totals.opter, totals.books, totals.difference)
        yield (totals.currency, *(getattr(side, name) for side in sides for name in _AMOUNTS))


def account_rows(certificate: Certificate) -> Iterator[Row]:
    """Yield a row for each account and VAT code, in the order of ``ACCOUNT_HEAD``."""
    for totals in certificate.accounts:
        yield (
            totals.account,
            totals.vat_code,
            totals.currency,
            totals.opter,
            totals.books,
            totals.difference,
        )


def write_csv(path: Path, head: Sequence[str], rows: Iterator[Row]) -> None:
    """Write a table as CSV in UTF-8 with a mark that spreadsheets recognise. Raises ``WrongUsage``."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows([_safe(value) for value in row] for row in rows)
    except OSError as error:
        raise _not_written(path, error) from None


def write_workbook(path: Path, kept: StoredCertificate, certificate: Certificate) -> None:
    """Write the workbook: what it is, sums by currency, by account, and every invoice. Raises ``WrongUsage``."""
    from xlsxwriter import Workbook  # noqa: PLC0415  # only a workbook needs it
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415  # only a workbook needs it

    try:
        # Texts from outside stay texts: no formula, no link is made of them.
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with Workbook(str(path), options) as book:
            _sheet(book, say("Certificate"), ("", ""), iter(_about(kept, certificate)))
            _sheet(book, say("Currencies"), CURRENCY_HEAD, currency_rows(certificate))
            _sheet(book, say("Accounts"), ACCOUNT_HEAD, account_rows(certificate))
            _sheet(book, say("Invoices"), INVOICE_HEAD, map(_said, invoice_rows(certificate)))
    except (OSError, FileCreateError) as error:
        raise _not_written(path, error) from None


def _said(row: Row) -> Row:
    """Return a row of ``invoice_rows`` with its verdict in words."""
    at = INVOICE_HEAD.index("verdict")
    return (*row[:at], say(VERDICTS[Verdict(str(row[at]))]), *row[at + 1 :])


def _about(kept: StoredCertificate, certificate: Certificate) -> list[Row]:
    reading = certificate.reading
    return [
        (say("certificate"), kept.id),
        ("sha256", kept.sha256),
        (say("period"), f"{certificate.name} ({certificate.period})"),
        (say("read at"), certificate.at),
        (say("agreement"), reading.agreement),
        (say("method"), reading.method),
        (say("program version"), certificate.version),
        (say("calls"), reading.calls),
        (say("sources"), ", ".join(reading.sources)),
        *((say("not compared"), text) for text in reading.left_out),
        *((say(VERDICTS[verdict]), number) for verdict, number in certificate.counts.items()),
    ]


def _sheet(book: Any, name: str, head: Sequence[str], rows: Iterator[Row]) -> None:
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    money = book.add_format({"num_format": "#,##0.00"})
    sheet.write_row(0, 0, [say(name) for name in head], bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(head) - 1, 18)
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, Decimal):
                sheet.write_number(at, column, float(value), money)
            elif isinstance(value, int):
                sheet.write_number(at, column, value)
            elif value is not None:
                sheet.write_string(at, column, str(value))


def _safe(value: object) -> object:
    """A text that begins like a formula gets a quote in front, as spreadsheets would run it."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return "" if value is None else value


def _not_written(path: Path, error: Exception) -> WrongUsage:
    why = getattr(error, "strerror", None) or str(error)
    return WrongUsage(say("{path} cannot be written: {why}.", path=path, why=why), say("Name another file."))
