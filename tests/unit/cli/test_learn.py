"""``learn``: shows what a file would give, writes a proposal once, and sends nothing."""

import json
from pathlib import Path

from support.cli import Bench
from support.formats import to_csv
from support.samples import export, invoice

ROWS = "Fakturanr;Dato;Forfald;Kundenr;Kundenavn;Konto;Netto;Moms %\n7;20-11-2026;20-12-2026;K1;Søby;{};100,00;25\n"


def test_a_proposal_is_written_edited_and_read_by(bench: Bench, tmp_path: Path) -> None:
    """From a stranger's file to one that is ready, with nothing on the queue and nothing in the store."""
    file, mapping = tmp_path / "july.csv", tmp_path / "mapping.toml"
    file.write_text(ROWS.format("Fragt"), encoding="utf-8")

    assert bench.run("learn", str(file), "--out", str(mapping)) == 1
    mapping.write_text(mapping.read_text().replace('"Fragt" = ""', '"Fragt" = "3010"'))
    assert bench.run("learn", str(file), "--mapping", str(mapping)) == 0

    assert "1 invoice in all" in bench.stdout.getvalue()
    assert "All is there" in bench.stdout.getvalue()
    assert not bench.queue.queue
    assert not bench.memory.periods()


def test_an_edited_mapping_is_never_overwritten(bench: Bench, tmp_path: Path) -> None:
    """The file that is there stays as it is."""
    file, mapping = tmp_path / "july.csv", tmp_path / "mapping.toml"
    file.write_text(ROWS.format("3010"))
    mapping.write_text("edited")

    assert bench.run("learn", str(file), "--out", str(mapping)) == 2
    assert mapping.read_text() == "edited"


def test_an_exports_own_mapping_is_used(bench: Bench, tmp_path: Path) -> None:
    """The one that its watched folder is read by."""
    file, mapping = tmp_path / "july.csv", tmp_path / "mapping.toml"
    file.write_text(ROWS.format("3010"))
    mapping.write_text('[columns]\ninvoiceNumber = "Fakturanr"\n')
    source = {"folder": str(tmp_path), "mapping": str(mapping)}
    bench.exports = {"main": export(source=source)}

    assert bench.run("learn", str(file), "--export", "main", "--json") == 1
    answer = json.loads(bench.stdout.getvalue())
    assert answer["proposal"] is None
    assert {"invoiceDate", "customer.code", "line.net"} <= {each["field"] for each in answer["missing"]}


def test_what_needs_no_mapping_says_so(bench: Bench, tmp_path: Path) -> None:
    """Columns called like our fields: complete at once."""
    file = tmp_path / "f.csv"
    file.write_bytes(to_csv([invoice()]))

    assert bench.run("learn", str(file)) == 0
    assert "All is there" not in bench.stdout.getvalue()
    assert "Keep it" in bench.stdout.getvalue()


def test_a_file_that_is_none_is_wrong_usage(bench: Bench, tmp_path: Path) -> None:
    """With its reason."""
    file = tmp_path / "f.bin"
    file.write_bytes(b"\0\1")

    assert bench.run("learn", str(file)) == 2
    assert "neither JSON" in bench.stderr.getvalue()
