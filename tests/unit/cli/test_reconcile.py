"""``reconcile``, ``certificate`` and ``differences``: what e-conomic holds, kept, shown, and worked off."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from support import injections
from support.reconciled import reconciled
from support.reconciling_bench import ReconcilingBench

from worker.domain.record import Outcome

PERIOD = "main-p881"


@pytest.fixture
def bench() -> ReconcilingBench:
    return ReconcilingBench(reconciled(41))


def test_a_period_that_is_as_it_must_be(bench: ReconcilingBench) -> None:
    """Exit code 0; status says what e-conomic held, and of when; before, it says that nobody has looked."""
    bench.run("status", PERIOD)
    before = bench.shown
    code = bench.run("reconcile", "2026-47A")
    certificate = bench.shown
    bench.run("status", PERIOD)

    assert "Not read back yet: `opter-economic reconcile main-p881` does it." in before
    assert code == 0
    assert "no differences" in certificate
    assert "4 equal" in certificate
    assert "Read at 2026-11-21 10:" in bench.shown
    assert "no differences" in bench.shown


def test_one_that_was_marked_by_hand_and_never_entered_is_missed(bench: ReconcilingBench) -> None:
    """Status once summed our own record up and said that nothing remained: the certificate says who is missing."""
    key = "main-700002"
    injections.gone(bench.world, key)
    code = bench.run("reconcile", PERIOD)
    certificate = bench.shown
    status = (bench.run("status", PERIOD), bench.shown)

    assert code == 1
    assert "certificate-missing" in certificate
    assert key in certificate
    assert status[0] == 1
    assert "differs" in status[1]
    assert bench.run("status") == 1


def test_the_document_for_scripts_is_the_one_that_is_kept(bench: ReconcilingBench) -> None:
    """``reconcile --json``, ``certificate show --json`` and the list agree on id and hash."""
    made = bench.json("reconcile", PERIOD)
    [listed] = bench.json("certificate", "list", PERIOD)
    by_id, last = bench.json("certificate", "show", made["id"]), bench.json("certificate", "show", PERIOD)

    assert made == by_id == last
    assert (listed["id"], listed["sha256"], listed["openDifferences"]) == (made["id"], made["sha256"], 0)
    assert [each["verdict"] for each in made["findings"]] == ["equal"] * 4


def test_files_for_spreadsheets(bench: ReconcilingBench, tmp_path: Path) -> None:
    """A row an invoice in CSV; a workbook with a sheet for each table."""
    injections.later(bench.world, "main-700001")
    table, book = tmp_path / "certificate.csv", tmp_path / "certificate.xlsx"
    bench.run("reconcile", PERIOD, "--csv", str(table), "--xlsx", str(book))
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    with zipfile.ZipFile(book) as parts:
        sheets = parts.read("xl/workbook.xml").decode()

    assert [row["verdict"] for row in rows] == ["differs", "equal", "equal", "equal"]
    assert rows[0]["fields"].startswith("date: 2026-11-")
    assert [
        name for name in ("Certificate", "Currencies", "Accounts", "Invoices") if f'name="{name}"' not in sheets
    ] == []


def test_a_file_that_cannot_be_written_is_said(bench: ReconcilingBench, tmp_path: Path) -> None:
    """Exit code 2, with the file's name; the certificates themselves are kept."""
    nowhere = tmp_path / "no" / "file"

    assert bench.run("reconcile", PERIOD, "--csv", str(nowhere)) == 2
    assert bench.run("reconcile", PERIOD, "--xlsx", str(nowhere)) == 2
    assert "cannot be written" in bench.stderr.getvalue()
    assert len(bench.json("certificate", "list", PERIOD)) == 2


def test_a_difference_is_accepted_with_name_and_reason(bench: ReconcilingBench) -> None:
    """It is listed with its next step, accepted, and the next certificate ends it."""
    injections.later(bench.world, "main-700001")
    bench.run("reconcile", PERIOD)
    listed = (bench.run("differences"), bench.shown)
    accepted = bench.run("differences", "accept", "main-700001", "--why", "agreed with the auditor", "--by", "kim")
    again = (bench.run("reconcile", PERIOD), bench.shown)

    assert listed[0] == 1
    assert "certificate-differs" in listed[1]
    assert "accept the difference with a reason" in listed[1]
    assert accepted == 0
    assert again[0] == 0
    assert "agreed with the auditor" in again[1]
    assert bench.run("differences") == 0
    assert bench.json("differences") == []


def test_what_differs_can_be_exported_again_or_marked(bench: ReconcilingBench) -> None:
    """A missing one goes again and is posted; one entered under another number is marked."""
    for key in ("main-700001", "main-700002"):
        injections.gone(bench.world, key)
    bench.run("reconcile", PERIOD)
    codes = (
        bench.run("reexport", "main-700001"),
        bench.run("mark-exported", "main-700002", "--why", "entered as 4711"),
        bench.run("mark-exported", "main-700003", "--why", "stands"),
    )
    bench.world.harness.until_rest()
    bench.clock.advance(10_000)  # type: ignore[attr-defined]  # a clock that a test moves
    findings = {each["id"]: each["verdict"] for each in bench.json("reconcile", PERIOD)["findings"]}

    assert codes == (0, 0, 1)
    assert findings == {
        "main-700001": "equal",
        "main-700002": "missing",
        "main-700003": "equal",
        "main-700004": "equal",
    }
    assert bench.world.harness.record("main-700002").outcome is Outcome.BY_HAND


def test_all_periods_of_some_days(bench: ReconcilingBench) -> None:
    """By the day on which Opter closed them; none then is said."""
    documents = bench.json("reconcile", "--from", "2026-11-20", "--to", "2026-11-20")

    assert [each["period"] for each in documents] == [PERIOD]
    assert bench.run("reconcile", "--from", "2026-11-21") == 2
    assert "No period was closed then." in bench.stderr.getvalue()


@pytest.mark.parametrize(
    "arguments", [(), (PERIOD, "--from", "2026-11-20"), ("main-p9",)], ids=["nothing", "both", "unknown"]
)
def test_what_to_reconcile_has_to_be_said(bench: ReconcilingBench, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and nothing is read."""
    assert bench.run("reconcile", *arguments) == 2


def test_what_there_is_not_is_said(bench: ReconcilingBench) -> None:
    """A period without certificate, a difference that nobody found."""
    assert bench.run("certificate", "list", PERIOD) == 0
    assert "No certificate of this period has been made." in bench.stdout.getvalue()
    assert bench.run("certificate", "show", PERIOD) == 2
    assert bench.run("differences", "accept", "main-700001", "--why", "x") == 2


def test_an_outage_is_no_difference(bench: ReconcilingBench) -> None:
    """Exit code 3: nothing is missing, it could not be read; differences found before stay open."""
    injections.later(bench.world, "main-700001")
    bench.run("reconcile", PERIOD)
    injections.outage(bench.world, "main-700001")
    code = bench.run("reconcile", PERIOD)

    assert code == 3
    assert "could not be read now" in bench.shown
    assert bench.run("differences") == 1


def test_a_text_that_looks_like_a_formula_is_none_in_a_file(bench: ReconcilingBench, tmp_path: Path) -> None:
    """What somebody writes as a reason is never run by a spreadsheet."""
    injections.later(bench.world, "main-700001")
    bench.run("reconcile", PERIOD)
    bench.run("differences", "accept", "main-700001", "--why", "=HYPERLINK(1)", "--by", "kim")
    table = tmp_path / "certificate.csv"
    bench.run("reconcile", PERIOD, "--csv", str(table))
    [row] = [row for row in csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))) if row["acceptedWhy"]]

    assert row["acceptedWhy"] == "'=HYPERLINK(1)"
    assert json.loads(json.dumps(bench.json("certificate", "show", PERIOD)))["findings"][0]["accepted"]["by"] == "kim"
