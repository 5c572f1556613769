"""``connect`` in a terminal, with the sandbox as e-conomic."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Bench
from support.clock import ManualClock
from support.listening import listening

from config.exports import ExportConfig
from config.exports_file import grant_file, load_with_grant
from worker.domain.reasons import failure
from worker.economic.reasons import EconomicReason
from worker.sandbox.app import create_app
from worker.sandbox.resources import ROUTES
from worker.sandbox.server import DEFAULT_TOKENS, standard_agreements

FILE = """
[exports.main]
app_secret_token_env = "SECRET"
grant_token_file = "grant"
app_public_token = "demo"
api_url = "{url}"
openapi_url = "{url}"
grant_url = "{url}/requestaccess.aspx"
customers = {{ group = 1, layout = 19 }}
"""


class Desk(Bench):
    """The commands over memory, with an exports file in a folder."""

    def __init__(self, clock: ManualClock, folder: Path) -> None:
        super().__init__(clock)
        self.folder = folder

    def export_with(self, name: str, grant: str) -> ExportConfig:
        env = {"SECRET": DEFAULT_TOKENS[0]}
        return load_with_grant(self.folder / "exports.toml", name, grant, env=env, secrets=self.folder)

    def grant_file(self, name: str) -> Path:
        return grant_file(self.folder / "exports.toml", name, secrets=self.folder)


@pytest.fixture
def desk(clock: ManualClock, tmp_path: Path) -> Iterator[Desk]:
    with listening(create_app(standard_agreements(), ROUTES, clock=time.time)) as url:
        (tmp_path / "exports.toml").write_text(FILE.format(url=url))
        yield Desk(clock, tmp_path)


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let this be what stands on standard input, which is no terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_token_is_stored_and_the_pause_lifted(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Once the agreement is named; the grant page's address is shown, the token is not."""
    desk.memory.pause("main", failure(EconomicReason.TOKENS_REFUSED, "401"))
    number = next(iter(standard_agreements().values())).number
    type_in(monkeypatch, f"{DEFAULT_TOKENS[1]}\n")
    code = desk.run("connect", "main", "--agreement", str(number), "--by", "kim")
    shown = desk.stdout.getvalue()

    assert code == 0
    assert "requestaccess.aspx?appPublicToken=demo&locale=" in shown
    assert DEFAULT_TOKENS[1] not in shown + desk.stderr.getvalue()
    assert (tmp_path / "grant").read_text() == DEFAULT_TOKENS[1]
    assert desk.memory.pinned("main") == number
    assert "main" not in desk.memory.paused()


@pytest.mark.parametrize("also", [(), ("--agreement", "1")])
def test_nothing_is_stored_unless_the_agreement_is_the_one_that_was_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, also: tuple[str, ...]
) -> None:
    """Not named, or another one: exit code 2, and what to do."""
    type_in(monkeypatch, f"{DEFAULT_TOKENS[1]}\n")

    assert desk.run("connect", "main", *also) == 2
    assert "Nothing was stored" in desk.stderr.getvalue()
    assert not (tmp_path / "grant").exists()
    assert desk.memory.pinned("main") is None


def test_an_export_that_does_not_exist_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With those that do."""
    type_in(monkeypatch, "x\n")

    assert desk.run("connect", "other") == 2
    assert "There are: main" in desk.stderr.getvalue()
