"""What is written to terminals and pipes."""

import io

from rich.text import Text
from support.cli import Bench, check, open_period
from support.samples import invoice

from worker.cli.console import console, print_json
from worker.domain.reasons import failure
from worker.economic.mapping.reasons import SetUpReason


def test_texts_from_outside_are_shown_as_they_are() -> None:
    """Brackets are no markup, and control characters do not reach the terminal."""
    out = io.StringIO()

    console(out).print("[bold]\x1b[2Jgone[/bold]", Text("kept"))

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

    print_json(console(out), {"text": "x" * 500})

    assert out.getvalue() == '{\n  "text": "' + "x" * 500 + '"\n}\n'
