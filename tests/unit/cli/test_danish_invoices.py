"""The commands that act on invoices, in Danish: whole screens in one language, and JSON that never changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support import injections
from support.cli import Bench, half_done
from support.reconciled import reconciled
from support.reconciling_bench import ReconcilingBench

from worker.cli.commands.invoices import OUTCOMES
from worker.cli.commands.series import HEADINGS
from worker.cli.language import speak
from worker.cli.views.certificate import VERDICTS
from worker.domain.certificate import Verdict
from worker.domain.number_series import NumberStatus
from worker.domain.record import Outcome


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    speak("en")


@pytest.fixture
def read_back() -> ReconcilingBench:
    """A period of which e-conomic has lost an invoice."""
    world = reconciled(41)
    injections.gone(world, "main-700002")
    return ReconcilingBench(world)


def _danish(bench: Bench, *arguments: str) -> str:
    bench.run("--lang", "da", *arguments)
    return " ".join((bench.stdout.getvalue() + bench.stderr.getvalue()).split())


def test_failed_invoices_stand_under_danish_reasons_with_what_clears_them(bench: Bench) -> None:
    """The command that queues them again is offered as in English, though the Danish step has no "re-queue" in it."""
    half_done(bench)
    shown = _danish(bench, "failed")

    assert "Varegrupper mangler i e-conomic · 1 faktura" in shown
    assert "→ Opret varegrupperne i e-conomic" in shown
    assert "derefter opter-economic requeue --reason product-group-missing" in shown
    assert "Faktura Kunde Brutto Hvad er galt" in shown
    assert "1.250,00 DKK" in shown


def test_one_invoice_in_full_has_its_state_and_history_in_the_words_of_the_page(bench: Bench) -> None:
    """English shows the codes, which options and scripts take."""
    half_done(bench)
    shown = _danish(bench, "failed", "show", "main-100356")

    assert "Faktura 100356 main-100356 · fejlet" in shown
    assert "netto 1.000,00, moms 250,00, brutto 1.250,00 DKK" in shown
    assert "Modtaget fra Opter" in shown
    assert "Totalerne afviger totals-mismatch" in shown
    bench.run("failed", "show", "main-100356")
    assert "main-100356 · dead" in bench.stdout.getvalue()


def test_what_became_of_an_invoice_is_one_phrase(bench: Bench) -> None:
    """State, result and why one waits."""
    half_done(bench)
    shown = _danish(bench, "invoices", "881")

    assert "main-100353 eksporteret" in shown
    assert "bogført 100353" in shown
    assert "main-100354 venter" in shown
    assert "Venter på e-conomics grænse for kald, igen 2027-01-15" in shown
    assert shown.endswith("4 fakturaer.")


def test_a_batch_is_previewed_run_and_shown_in_danish(bench: Bench) -> None:
    """From the preview to the result of each invoice."""
    half_done(bench)
    choice = ("batch", "start", "discard", "--reason", "totals-mismatch", "--why", "dobbelt", "--by", "anna")
    preview, done = _danish(bench, *choice), _danish(bench, *choice, "--yes")
    [batch] = bench.memory.batches()
    shown = _danish(bench, "batch", "show", batch.ordered.id)

    assert "Intet blev gjort. Tilføj --yes for at gøre det." in preview
    assert "1 faktura: 1 eksporteret" in done
    assert "Hvad Kassér" in shown
    assert "Tilstand færdig" in shown
    assert "main-100356 eksporteret" in shown


def test_what_was_not_moved_is_said_with_why(bench: Bench) -> None:
    """Refusals and their advice are one language, too."""
    half_done(bench)

    assert "Ikke rørt, da de ikke er fejlet: main-100353." in _danish(bench, "requeue", "main-100353", "main-100355")
    refused = _danish(bench, "mark-exported", "main-100353", "--why", "i hånden")
    assert 'main-100353 har tilstanden "eksporteret": den regnes allerede for eksporteret.' in refused
    assert "--why er tom. → Skriv hvorfor" in _danish(bench, "mark-exported", "main-100356", "--why", " ")


def test_a_certificate_and_its_workbook_are_danish(read_back: ReconcilingBench, tmp_path: Path) -> None:
    """The same words on the screen and in the workbook; CSV, which programs read, keeps its names."""
    book, table = tmp_path / "certificate.xlsx", tmp_path / "certificate.csv"
    shown = _danish(read_back, "reconcile", "main-p881", "--xlsx", str(book), "--csv", str(table))
    sheets = load_workbook(book)

    assert "Certifikat for periode 2026-47A" in shown
    assert "3 ens, 1 mangler" in shown
    assert "Ikke i e-conomic · 1 faktura" in shown
    assert "→ Eksportér den igen" in shown
    assert sheets.sheetnames == ["Certifikat", "Valutaer", "Konti", "Fakturaer"]
    rows = [[cell.value for cell in row] for row in sheets["Fakturaer"].iter_rows(max_col=3)]
    assert rows[0] == ["id", "fakturanummer", "udfald"]
    assert ["main-700002", 700002, "mangler"] in rows
    assert table.read_text(encoding="utf-8-sig").startswith("id,invoiceNumber,verdict,")
    assert "main-700002,700002,missing," in table.read_text(encoding="utf-8-sig")


def test_every_code_has_its_word() -> None:
    """A new verdict, number's status or outcome cannot be forgotten."""
    assert (VERDICTS.keys(), HEADINGS.keys(), OUTCOMES.keys()) == (set(Verdict), set(NumberStatus), set(Outcome))


def test_the_table_of_a_series_fits_80_columns_in_danish(read_back: ReconcilingBench) -> None:
    """Its headings are narrow words of their own; no number is broken."""
    read_back.out.width = 80
    shown = _danish(read_back, "series")

    assert "Region Serie Fra Til Ventet Eksporteret" in shown
    assert "alle alle typer 700001 700004 4" in shown


def test_json_is_the_same_in_every_language(bench: Bench) -> None:
    """Keys and values of scripts do not depend on whose terminal it is."""
    half_done(bench)
    for command in (("failed",), ("failed", "show", "main-100356"), ("invoices", "881"), ("batch", "list")):
        assert bench.json("--lang", "da", *command) == bench.json(*command)
