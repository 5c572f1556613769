"""What was typed wrong: the nearest right word, exit code 2, and never a traceback."""

import pytest
from support.cli import Bench

from worker.cli.main import LazyCommand, application

COMMANDS = [command for command in application().commands.values() if isinstance(command, LazyCommand)]


def _said(bench: Bench, capsys: pytest.CaptureFixture[str]) -> str:
    """Return all of it in one line, without the frame."""
    text = "".join(capsys.readouterr()) + bench.stdout.getvalue() + bench.stderr.getvalue()
    return " ".join(text.replace("\u2502", " ").split())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_an_unknown_option_of_every_command_gets_the_nearest(
    command: LazyCommand, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """One letter too many."""
    options = [option for param in command.loaded.params for option in param.opts if option.startswith("--")]
    [option, *_] = [*options, "--help"]

    assert bench.run(str(command.name), f"{option}x") == 2
    assert option in _said(bench, capsys)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_an_unknown_command_gets_the_nearest(
    command: LazyCommand, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """One letter too many, or one of two commands that are as near."""
    assert bench.run(f"{command.name}x") == 2
    assert "Did you mean" in _said(bench, capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("requeue", "--reason", "totals-mismtach"), 'Did you mean "totals-mismatch"?'),
        (("failed", "--reason", "totals-mismtach"), 'Did you mean "totals-mismatch"?'),
        (("failed", "list", "--reason", "totals-mismtach"), 'Did you mean "totals-mismatch"?'),
        (("export", "resume", "mian"), 'Did you mean "main"?'),
        (("export", "pause", "mian", "--why", "audit"), 'Did you mean "main"?'),
        (("export", "check", "mian"), 'Did you mean "main"?'),
        (("plan", "nope.json"), "There is no file 'nope.json'."),
        (("up", "--redis-port", "99999"), "65535"),
        (("up", "--redis-port", "abc"), "--redis-port"),
        (("sandbox", "--port", "70000"), "65535"),
        (("sandbox", "--port", "-1"), "--port"),
        (("sandbox", "fail", "sttus"), "'503'"),
        (("sandbox", "init", "--method", "vouchr"), "'voucher'"),
        (("demo", "--method", "vouchr"), "'voucher'"),
        (("reconcile", "--from", "2026-13"), "--from"),
    ],
)
def test_a_wrong_word_gets_the_right_ones(
    arguments: tuple[str, ...], said: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """The nearest, or all there are."""
    assert bench.run(*arguments) == 2
    text = _said(bench, capsys)
    assert said in text
    assert "Traceback" not in text
