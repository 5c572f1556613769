"""Exports that do not go to e-conomic never pass for booked, and no sandbox runs beside real ones."""

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
def test_every_overview_warns(command: tuple[str, ...], mixed: Bench) -> None:
    """On standard error, so that a script's JSON stays whole."""
    mixed.run(*command)

    assert mixed.stderr.getvalue().splitlines() == [WARNING]
    assert mixed.json(*command)


def test_scripts_see_it_too(mixed: Bench) -> None:
    """Name and address, in the document itself."""
    assert mixed.json("status")["notEconomic"] == {"trial": SANDBOX}


def test_nothing_is_said_of_real_exports(bench: Bench) -> None:
    """The usual case stays quiet."""
    bench.run("status")

    assert bench.stderr.getvalue() == ""
    assert bench.json("status")["notEconomic"] == {}


def test_no_sandbox_is_started_beside_real_exports(mixed: Bench) -> None:
    """The refusal names the export, its address, and the option to start it anyway."""
    assert mixed.run("sandbox", "--port", "0") == 2
    message = mixed.stderr.getvalue()
    assert "main (https://restapi.e-conomic.com)" in message
    assert "--anyway" in message
    assert mixed.stdout.getvalue() == ""
