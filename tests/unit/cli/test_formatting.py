"""What is written to terminals and pipes; times and amounts as people read them."""

import io
import sys
from decimal import Decimal

import pytest
from rich.text import Text
from support.cli import Bench, check, open_period
from support.samples import invoice

from worker.cli import formatting
from worker.cli.formatting import console_on, print_json
from worker.domain.reasons import failure
from worker.economic.mapping.reasons import SetUpReason


def test_texts_from_outside_are_shown_as_they_are() -> None:
    """Brackets are no markup, and control characters do not reach the terminal."""
    out = io.StringIO()

    console_on(out).print("[bold]\x1b[2Jgone[/bold]", Text("kept"))

    assert out.getvalue() == "[bold]\\x1b[2Jgone[/bold] kept\n"


def test_a_failure_cannot_move_the_cursor(bench: Bench) -> None:
    """Descriptions quote what others wrote."""
    period = open_period(bench.memory, invoice())
    check(bench.memory, period, {"main-100353": failure(SetUpReason.TEXT_REFUSED, "Text \x1b[1A.", value="\x9b")})

    for command in (("failed", "list"), ("failed", "show", "main-100353"), ("status", "main-p881")):
        bench.run(*command)
        assert "\x1b" not in bench.stdout.getvalue()
        assert "\x9b" not in bench.stdout.getvalue()


def test_json_is_not_wrapped() -> None:
    """One document, whatever the width of the terminal."""
    out = io.StringIO()

    print_json(console_on(out), {"text": "x" * 500})

    assert out.getvalue() == '{\n  "text": "' + "x" * 500 + '"\n}\n'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (7199, "120 min"), (7200, "2 h"), (3 * 86_400, "3 days")],
)
def test_spans_in_one_unit(seconds: float, text: str) -> None:
    """The largest unit that is still exact enough."""
    assert formatting.span(seconds) == text


@pytest.mark.parametrize(("amount", "text"), [("1234567.80", "1 234 567.80"), ("-0.05", "-0.05"), ("999", "999.00")])
def test_money_is_grouped_by_spaces(amount: str, text: str) -> None:
    """A comma would be a decimal sign in Denmark."""
    assert formatting.money(Decimal(amount)) == text


def test_moments_are_utc() -> None:
    """1 800 000 000 s after the epoch; never is a dash, and null in JSON."""
    assert formatting.moment(1_800_000_000.0) == "2027-01-15 08:00:00 UTC"
    assert formatting.iso(1_800_000_000.0) == "2027-01-15T08:00:00Z"
    assert (formatting.moment(0), formatting.iso(0)) == ("-", None)


def test_what_a_terminal_cannot_show_is_shown_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a character that a refused event holds, and Danish letters where the locale knows none: no traceback."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    out, _ = formatting.consoles()
    out.print("value '\ud800', Ærø")
    out.file.flush()

    assert raw.getvalue() == b"value '\\ud800', \\xc6r\\xf8\n"
