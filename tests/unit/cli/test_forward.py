"""``forward`` on the command line: the forwarder's own options, no other."""

import pytest
import typer
from support.cli import Bench

from worker.cli.commands.forward import forward
from worker.forward.command import HELP, parser

NEEDED = {"folder": "in", "url": "https://page.example.dk", "export": "main", "secret_file": "secret"}


def test_its_options_are_those_of_the_archive() -> None:
    """Names, defaults and help: a manual for the one holds for the other."""
    app = typer.Typer(add_completion=False)
    app.command()(forward)
    ours = {each.name: each for each in typer.main.get_command(app).params}
    command = [NEEDED["folder"], NEEDED["url"], "--export", NEEDED["export"], "--secret-file", NEEDED["secret_file"]]
    theirs = vars(parser().parse_args(command))

    assert {name: NEEDED.get(name, each.default) for name, each in ours.items()} == theirs
    assert {name: each.help for name, each in ours.items()} == {key.replace("-", "_"): HELP[key] for key in HELP}


@pytest.mark.parametrize("missing", ["--export", "--secret-file"])
def test_what_is_missing_is_wrong_usage(bench: Bench, capsys: pytest.CaptureFixture[str], missing: str) -> None:
    """Exit code 2, by name, and no folder is touched."""
    options = [value for name in ("--export", "--secret-file") if name != missing for value in (name, "x")]

    assert bench.run("forward", "/nowhere", "https://page.example.dk", *options) == 2
    assert missing in capsys.readouterr().err
