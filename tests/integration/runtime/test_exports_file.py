"""The exports file changed under running processes: real intake and worker."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.installation import Installation, event
from support.samples import customer, invoice

TAKEN, NOT_TAKEN = "exports_file_taken", "exports_file_not_taken"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path, exports={"main": "", "sweden": ""}) as running:
        yield running


def test_a_change_is_taken_in_and_a_broken_file_is_not(installation: Installation) -> None:
    """A new export is served by all processes; a broken or dangerous file is said once by each, and nothing stops."""
    file = installation.folder / "exports.toml"
    both = file.read_text()
    only_main = both[: both.index("[exports.sweden]")]
    file.write_text(only_main)
    installation.start_all()
    installation.push(event(invoice(customer=customer(code="K1001", corporate_id=None))))
    installation.wait_for(lambda: installation.counts() == {"exported": 1}, "the first period is exported")

    def found(name: str, times: int) -> None:
        installation.wait_for(
            lambda: all(len(installation.lines(process, name)) >= times for process in ("intake", "worker-1")),
            f"{name}, {times} times",
        )

    file.write_text(both)
    installation.push(_second("sweden", 882, "e2"))  # at once: it waits until the export is taken in
    installation.wait_for(lambda: installation.counts("sweden-p882") == {"exported": 1}, "the new export's is exported")
    found(TAKEN, 1)

    file.write_text(both + "\nnot TOML")
    found(NOT_TAKEN, 1)
    file.write_text(
        both.replace("[exports.sweden]", "[exports.sverige]").replace("[exports.sweden.", "[exports.sverige.")
    )
    found(NOT_TAKEN, 2)
    installation.wait_for(lambda: "exports.sweden is gone" in _unused(installation), "health says so")
    installation.push(_second("sweden", 883, "e3"))
    installation.wait_for(lambda: installation.counts("sweden-p883") == {"exported": 1}, "the former file is in use")

    file.write_text(both)
    found(TAKEN, 2)
    for process in ("intake", "worker-1"):
        assert [line["new"] for line in installation.lines(process, TAKEN)] == [["sweden"], []]
        assert len(installation.lines(process, NOT_TAKEN)) == 2
        assert "Traceback" not in installation.log(process)
        assert "sandbox-grant" not in installation.log(process)
    assert installation.sandbox("GET", "findings")["findings"] == []


def _unused(installation: Installation) -> str:
    """Return what ``health`` says of an exports file that is not in use."""
    parts = json.loads(installation.command("health", "--json", expect=[1]))["parts"]
    return "".join(part["text"] for part in parts if part["part"] == "Exports file")


def _second(export: str, period: int, event_id: str) -> dict[str, object]:
    known = customer(code="K1002", corporate_id=None)
    return event(
        invoice(invoice_number=600_000 + period, customer=known),
        event_id=event_id,
        export=export,
        period=period,
        name=str(period),
    )
