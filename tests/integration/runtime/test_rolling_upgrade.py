"""Two versions side by side on one store: the last release, or else the last that kept no version of its schema."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.installation import SHORT_LEASES, Installation, event
from support.samples import customer, invoice, line

ROOT = Path(__file__).parents[3]
#: What came with the schema's version: the commit before it is the closest there is to a release while no tag exists.
_FIRST_OF_SCHEMA = "worker/store/schema.py"
INVOICES = 120


def _git(*arguments: str) -> str:
    git = shutil.which("git") or "git"
    with suppress(OSError, subprocess.CalledProcessError):
        command = [git, "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return ""


def _earlier() -> str:
    """Return the commit of the earlier version; empty where the history is not here."""
    tag = _git("describe", "--tags", "--abbrev=0")
    first = _git("log", "--diff-filter=A", "--format=%H", "--", _FIRST_OF_SCHEMA).split("\n")[-1]
    return _git("rev-parse", "--verify", "--quiet", f"{tag or first + '^'}") if tag or first else ""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The earlier version's own files, as a second installation with the same dependencies."""
    commit = _earlier()
    if not commit:
        pytest.skip("needs the history of the repository (a tag, or the commit before the schema's version)")
    folder = tmp_path_factory.mktemp("earlier")
    archive = folder / "version.tar"
    _git("archive", "--output", str(archive), commit, "worker", "tasks", "config")
    shutil.unpack_archive(archive, folder, filter="data")
    assert (folder / "worker/app.py").exists()
    assert not (folder / _FIRST_OF_SCHEMA).exists() or _git("describe", "--tags", "--abbrev=0")
    return folder


class _Installation(Installation):
    """Services whose names begin with ``old`` run the earlier version."""

    earlier: Path

    def own_environment(self, name: str) -> dict[str, str]:
        return {"PYTHONPATH": str(self.earlier)} if name.startswith("old") else {}


@pytest.fixture
def installation(earlier: Path, tmp_path: Path) -> Iterator[_Installation]:
    running = _Installation(tmp_path, **SHORT_LEASES, worker__concurrency="4")
    running.earlier = earlier
    with running:
        yield running


def _is_earlier(installation: _Installation, name: str) -> bool:
    """Whether a service, after it has become Celery, still takes its code from the earlier version's folder."""
    environ = Path(f"/proc/{installation.pid(name)}/environ").read_bytes().split(b"\0")
    return f"PYTHONPATH={installation.earlier}".encode() in environ


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_a_period_goes_on_while_one_version_replaces_the_other(installation: _Installation) -> None:
    """The earlier one begins, both work, the earlier one is stopped in order: each invoice is booked once."""
    # 120 invoices, 2 calls each, 1.5 s a call, 4 slots: 90 s, so that the other version still finds some to do.
    installation.sandbox("PATCH", "switches", {"latency_ms": 1500})
    installation.start("old-intake", "intake")
    installation.start("old-worker", "worker", "--name", "old@test")
    known = customer(code="K1001", corporate_id=None)
    invoices = [invoice(line(f"{100 + n}.50"), invoice_number=500_000 + n, customer=known) for n in range(INVOICES)]
    installation.push(event(*invoices))
    installation.wait_for(
        lambda: installation.counts().get("exported", 0) >= 5, "the earlier version exports", seconds=400
    )
    assert _is_earlier(installation, "old-worker")
    installation.start("new-intake", "intake")
    installation.start("new-worker", "worker", "--name", "new@test")
    installation.wait_for(
        lambda: len(installation.lines("new-worker", "invoice_export")) >= 5, "both versions export", seconds=400
    )
    for name in ("old-worker", "old-intake"):
        installation.kill(name, signal.SIGTERM)
    installation.wait_for(lambda: installation.counts() == {"exported": INVOICES}, "all are exported", seconds=240)

    [agreement] = installation.sandbox("GET", "state").values()
    references = sorted(document["references"]["other"] for document in agreement["booked"].values())
    assert references == sorted(f"main-{each.invoice_number}" for each in invoices)
    assert agreement["drafts"] == {}
    assert installation.sandbox("GET", "findings")["findings"] == []
    done = [line for line in installation.lines("old-worker", "invoice_export") if line["result"] == "exported"]
    assert 5 <= len(done) < INVOICES
    assert "Traceback" not in installation.log("old-worker") + installation.log("new-worker")
