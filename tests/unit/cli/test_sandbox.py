"""``sandbox``: files that fit it, and commands that never reach e-conomic."""

import json
import subprocess
from pathlib import Path

import pytest
from support.cli import Bench
from support.samples import export

from config.exports_file import load_exports


def _environment(file: Path) -> dict[str, str]:
    """Return what a shell has after it has read the file."""
    command = ["/bin/sh", "-c", '. "$1"; env -0', "sh", str(file)]
    output = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"REDIS_URL": "redis://real"}
    ).stdout
    return dict(line.split("=", 1) for line in output.split("\0") if line)


@pytest.mark.parametrize("method", ["invoice", "voucher"])
def test_the_files_fit_each_other(method: str, bench: Bench, tmp_path: Path) -> None:
    """Exports file, environment and event agree, in a folder whose name a shell would split."""
    folder = tmp_path / "a rehearsal"

    assert bench.run("sandbox", "init", str(folder), "--method", method, "--port", "8799") == 0

    env = _environment(folder / "environment")
    assert "REDIS_URL" not in env
    [only] = load_exports(Path(env["OPTER_ECONOMIC_EXPORTS_FILE"]), env=env, secrets=tmp_path).values()
    assert (only.method, only.api_url, only.openapi_url) == (method, *["http://127.0.0.1:8799"] * 2)
    event = json.loads((folder / "event.json").read_text())
    assert event["data"]["export"] == only.name
    printed = {str(file.as_uri()) for file in (folder / "printed").glob("*.pdf")}
    assert printed == {invoice["pdf"]["url"] for invoice in event["data"]["invoices"] if invoice.get("pdf")}
    assert bool(printed) == (method == "voucher")
    assert "8799" in bench.stdout.getvalue()


def test_no_file_is_written_over(bench: Bench, tmp_path: Path) -> None:
    """Not even one of them: the others are left alone as well."""
    (tmp_path / "exports.toml").write_text("mine")

    assert bench.run("sandbox", "init", str(tmp_path)) == 2

    assert [file.name for file in tmp_path.iterdir()] == ["exports.toml"]
    assert (tmp_path / "exports.toml").read_text() == "mine"
    assert "exports.toml" in bench.stderr.getvalue()


@pytest.mark.parametrize(
    "command",
    [
        ("group", "add", "3050"),
        ("period", "close", "2026-11"),
        ("customer", "bar", "1001"),
        ("token", "revoke"),
        ("fail", "503"),
        ("pay", "100201", "10"),
    ],
)
def test_nothing_is_changed_where_exports_go_to_economic(command: tuple[str, ...], bench: Bench) -> None:
    """The refusal comes before any call, and says how a sandbox is meant all the same."""
    bench.exports = {"main": export()}

    assert bench.run("sandbox", *command) == 2
    assert "--at" in bench.stderr.getvalue()


@pytest.mark.parametrize("month", ["2026", "2026-13", "November", "2026-1"])
def test_a_month_is_year_and_month(month: str, bench: Bench) -> None:
    """Whatever else is written is refused with an example."""
    assert bench.run("sandbox", "period", "close", month, "--at", "http://127.0.0.1:1") == 2
    assert "2026-11" in bench.stderr.getvalue()
