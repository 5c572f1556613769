"""CSV and XLSX: columns by name, Danish amounts and dates, every encoding that Excel writes, bombs refused."""

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook
from support.formats import read, table, to_csv, to_xlsx
from support.samples import invoice, line

from worker.intake.event_errors import EventRefused
from worker.intake.formats.mapping import Mapping

INVOICES = [
    invoice(line("1234.50"), line("-0.05", rate="0", vat="0.00"), invoice_number=1, order_numbers=("4555", "4556")),
    invoice(invoice_number=2, your_reference='Æble; "citat"\nlinje'),
]
MAPPING = Mapping.model_validate(
    {
        "columns": {
            "invoiceNumber": "Fakturanr", "invoiceDate": "Dato", "customer.code": "Kundenr", "customer.name": "Kunde",
            "line.net": "Netto", "line.vatRate": "Momspct", "line.salesAccount": "Konto",
        },
        "constants": {"paymentCondition.days": "30", "currency": "DKK", "line.text": "Transport"},
        "values": {"line.salesAccount": {"Fragt": "3010"}},
    }
)  # fmt: skip
HEADER = "Fakturanr;Dato;Kundenr;Kunde;Netto;Momspct;Konto"
ROWS = (
    "7;20-11-2026;K1;Søby;1.234,50;25;Fragt",
    "7;20-11-2026;K1;Søby;-34,50;25,00;3012",
    "8;20.11.2026;K2;Å;1;0;3012",
)


def _text(*rows: str) -> bytes:
    return "\r\n".join([HEADER, *(rows or ROWS)]).encode("cp1252")


def _refused(raw: bytes, name: str = "f.csv", mapping: Mapping = MAPPING) -> list[str]:
    with pytest.raises(EventRefused) as refused:
        read(raw, name, mapping)
    return [problem.description for problem in refused.value.problems]


@pytest.mark.parametrize(("raw", "name"), [(to_csv(INVOICES), "f.csv"), (to_xlsx(INVOICES), "f.xlsx")])
def test_columns_called_like_our_fields_need_no_mapping(raw: bytes, name: str) -> None:
    """What is written comes back, whatever is in the texts."""
    found, _ = read(raw, name)

    assert [each.net for each in found] == [each.net for each in INVOICES]
    assert [each.content().text.replace("\\n", " ") for each in found] == [
        each.content().text.replace("\\n", " ") for each in INVOICES
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_mapping_names_columns_constants_and_values(encoding: str, delimiter: str) -> None:
    """Due date, days and totals follow from what is given; the encoding and delimiter are recognised."""
    raw = _text().decode("cp1252").replace(";", delimiter).encode(encoding)

    found, _ = read(raw, "f.csv", MAPPING)

    assert [(each.invoice_number, str(each.net), str(each.vat), str(each.gross)) for each in found] == [
        (7, "1200.00", "300.00", "1500.00"),
        (8, "1.00", "0.00", "1.00"),
    ]
    assert (str(found[0].due_date), found[0].customer.name, found[0].lines[0].sales_account) == (
        "2026-12-20", "Søby", "3010",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("7;20-11-2026;K1;S;1234.50;25;3010", ["line 2", "line.net", "invoice 7", "'1234.50'", "1.234,50"]),
        ("7;31-31-2026;K1;S;1;25;3010", ["line 2", "invoiceDate", "'31-31-2026'", "20-11-2026"]),
        ("7;20-11-2026;;S;1;25;3010", ["line 2", "customer.code", "is missing"]),
        ("7;20-11-2026;K1;S;=1+1;25;3010", ["line 2", "line.net", "'=1+1'"]),
        ("7;20-11-2026;K1;S;1,001;25;3010", ["line 2", "invoice 7", "'1.001'", "more than two decimals"]),
    ],
)
def test_an_error_names_line_field_invoice_value_and_remedy(row: str, named: list[str]) -> None:
    """A bookkeeper finds the cell."""
    problem = _refused(_text(row))[0]

    for word in ["f.csv", *named]:
        assert word in problem


def test_rows_of_an_invoice_stand_together_and_agree() -> None:
    """An invoice that goes on further down, and a customer that changes between rows, are refused."""
    problems = _refused(_text(ROWS[0], ROWS[2], ROWS[1].replace("Søby", "Nørre")))

    assert len(problems) == 1
    assert "put all rows of an invoice together" in problems[0]
    assert "differs from" in _refused(_text(ROWS[0], ROWS[1].replace("Søby", "Nørre")))[0]


def test_all_columns_that_are_missing_are_named_at_once() -> None:
    """A renamed column is a matter of the mapping, not of each row."""
    problems = _refused(_text().replace(b"Netto", b"Belob").replace(b"Kundenr", b"Kode"))

    assert sorted("line.net" in each for each in problems) == [False, True]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0" * 100, b'a;"b\n', b";" * 100_000, b"invoiceNumber\n" + b"x" * 200_000, b"invoiceNumber\n\xff\xfe\x81"],
    ids=lambda raw: str(raw[:10]),
)
def test_what_is_no_table_is_refused(raw: bytes) -> None:
    """With a reason, never a crash."""
    assert _refused(raw, mapping=Mapping())


def _workbook(**parts: bytes) -> bytes:
    book = Workbook()
    for row in table(INVOICES):
        book.active.append(row)
    plain = io.BytesIO()
    book.save(plain)
    changed = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, next((raw for key, raw in parts.items() if key in name), old.read(name)))
    return changed.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + SHEET % b"<row><c><v>&b;</v></c></row>"


@pytest.mark.parametrize(
    "raw",
    [
        _workbook(sheet1=b" " * 40_000_000),
        _workbook(sheet1=BOMB),
        _workbook(sheet1=b"<worksheet"),
        _workbook(workbook=b"<a/>"),
        _workbook(sheet1=SHEET % b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        b"PK\x03\x04" + b"\0" * 100,
    ],
    ids=["bomb", "entities", "cut", "no sheets", "far cell", "no zip"],
)
def test_a_workbook_that_is_none_or_a_bomb_is_refused(raw: bytes) -> None:
    """Its unfolded size, entities and far-away cells are bounded."""
    assert _refused(raw, "f.xlsx", Mapping())


@pytest.mark.parametrize(
    "change", [{"columns": {"nett": "x"}}, {"columns": {"net": "x"}}, {"constants": {"line.foo": "1"}}]
)
def test_a_mapping_that_names_no_field_or_column_is_refused(change: dict[str, Any]) -> None:
    """By its name, as a mapping's problem."""
    assert _refused(_text(), mapping=Mapping.model_validate(MAPPING.model_dump() | change))
