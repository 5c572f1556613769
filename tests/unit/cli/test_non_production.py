"""Exports that do not go to e-conomic are never taken for booked, and no sandbox stands beside real ones."""

import pytest
from support.cli import Bench
from support.samples import export

SANDBOX = "http://127.0.0.1:8765"
WARNING = f"Export trial does not go to e-conomic but to {SANDBOX}: nothing of it is in your books."


@pytest.fixture
def mixed(bench: Bench) -> Bench:
    """One export to e-conomic itself, one to the sandbox."""
    trial = export(name="trial", api_url=SANDBOX, openapi_url=SANDBOX)
    bench.exports = {"main": export(), "trial": trial}
    return bench


@pytest.mark.parametrize("command", [("status",), ("export", "list")])
def test_every_overview_says_so_loudly(command: tuple[str, ...], mixed: Bench) -> None:
    """On standard error, so that a script's JSON stays whole."""
    mixed.run(*command)

    assert mixed.stderr.getvalue().splitlines() == [WARNING]
    assert mixed.json(*command)


def test_scripts_are_told_too(mixed: Bench) -> None:
    """Name and address, in the document itself."""
    assert mixed.json("status")["notEconomic"] == {"trial": SANDBOX}


def test_nothing_is_said_of_real_exports(bench: Bench) -> None:
    """The usual case stays quiet."""
    bench.run("status")

    assert bench.stderr.getvalue() == ""
    assert bench.json("status")["notEconomic"] == {}


def test_no_sandbox_is_started_beside_real_exports(mixed: Bench) -> None:
    """Told with the export and its address, and how to do it all the same."""
    assert mixed.run("sandbox", "--port", "0") == 2
    told = mixed.stderr.getvalue()
    assert "main (https://restapi.e-conomic.com)" in told
    assert "--anyway" in told
    assert mixed.stdout.getvalue() == ""
