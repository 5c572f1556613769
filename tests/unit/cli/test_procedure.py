"""``procedure``: true of the settings as they are, in both languages, and another as soon as one of them is."""

import re
from pathlib import Path
from typing import Any

import pytest
from support.cli import Bench
from support.samples import export

from config.export_schema import Booking, Corrections, TypeRules, Voucher
from config.reconcile_schema import Payments
from config.settings import Settings
from config.settings_sections import Agreements, Certificates
from worker.cli.procedure import procedure
from worker.cli.procedure_texts import CHAPTERS

SETTINGS = Settings()


def _hash(text: str) -> str:
    [found] = re.findall(r"`([0-9a-f]{64})`", text)
    return str(found)


def _described(language: Any = "en", settings: Settings = SETTINGS, **changes: Any) -> str:
    return procedure(settings, {"main": export(**changes)}, language)


def test_every_question_is_answered_in_both_languages() -> None:
    """What, when, by whom, which controls, failures, where vouchers are kept."""
    for language, headings in (("en", [c.en for c in CHAPTERS]), ("da", [c.da for c in CHAPTERS])):
        text = _described(language)

        assert [heading for heading in headings if f"### {heading}\n\n- " not in text] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "which is booked once its totals are Opter's"),
        ({"booking": Booking(book=False)}, "a person books it in e-conomic"),
        ({"method": "voucher", "journal": 7}, "a voucher in journal 7, which a person reviews and books"),
        ({"method": "voucher", "voucher": Voucher(book=True)}, "which is booked at once"),
        ({"booking": Booking(numbers="economic")}, "e-conomic numbers the invoices"),
        ({"types": {"interest": TypeRules(export=False)}}, "stay out of e-conomic on purpose: interest"),
        ({"closed_period": "hold"}, "waits until the period is opened"),
        ({"booking": Booking(attach_pdf=False)}, "has to be kept elsewhere"),
        ({"corrections": Corrections(match=True)}, "is matched with it"),
        ({"payments": Payments(folder="/srv/payments")}, "are reported to Opter, each once"),
    ],
)
def test_it_says_what_the_settings_do(changes: dict[str, Any], said: str) -> None:
    """And the hash is another than without the change."""
    text = _described(**changes)

    assert said in text
    assert (_hash(text) == _hash(_described())) == (changes == {})


@pytest.mark.parametrize(("hours", "said"), [(24, True), (0, False)])
def test_the_daily_check_is_described_where_it_runs(hours: int, *, said: bool) -> None:
    """It is one of the controls."""
    settings = SETTINGS.model_copy(update={"agreements": Agreements(check_hours=hours)})
    text = procedure(settings, {"main": export()}, "en")

    assert (f"Every {hours} hours the agreement is checked by itself" in text) == said


def test_any_setting_changes_the_hash_and_no_secret_is_told() -> None:
    """Also one that no sentence speaks of; tokens and passwords stay out."""
    nightly = SETTINGS.model_copy(update={"certificates": Certificates(nightly=True)})
    slower = SETTINGS.model_copy(update={"retry": SETTINGS.retry.model_copy(update={"cap": 901.0})})
    texts = [_described(), _described(settings=nightly), _described(settings=slower)]

    assert len({_hash(text) for text in texts}) == 3
    assert "grant-token-for-tests" not in texts[0]
    assert "app-secret-token-for-tests" not in texts[0]
    assert "redis://" not in texts[0]


def test_it_is_written_as_markdown_and_as_a_page(bench: Bench, tmp_path: Path) -> None:
    """Danish unless asked otherwise; what is written in settings is no markup of the page."""
    bench.exports = {"main": export(codes={"sales_accounts": {"<b>": "x"}})}
    code = bench.run("procedure")
    page = tmp_path / "procedure.html"
    written = bench.run("procedure", "--html", "--language", "en", "--out", str(page))

    assert (code, written) == (0, 0)
    assert bench.stdout.getvalue() == ""
    assert page.read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="en">')
    assert "&lt;b&gt;" in page.read_text(encoding="utf-8")
    assert bench.run("procedure", "--out", str(tmp_path / "no" / "file")) == 2
