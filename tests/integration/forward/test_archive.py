"""The forwarder as it is given away: one archive that needs Python alone, against the addresses that take its files."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from support.events import event, invoices
from support.formats import to_xml
from support.installation import free_port
from support.posting import SECRET, Posting

from config.settings_sections import Web

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as ``make forwarder`` does, in a folder of its own."""
    source, build = ROOT / "worker", tmp_path_factory.mktemp("forwarder")
    (build / "worker" / "forward").mkdir(parents=True)
    for file in (source / "__init__.py", *(source / "forward").glob("*.py")):
        target = build / file.relative_to(ROOT)
        target.write_bytes(file.read_bytes())
    made = build.with_suffix(".pyz")
    command = [
        sys.executable,
        "-m",
        "zipapp",
        str(build),
        "--main",
        "worker.forward.command:start",
        "--output",
        str(made),
    ]
    subprocess.run(command, check=True)
    return made


class Place:
    """A folder with files, and who takes them."""

    def __init__(self, path: Path, archive: Path) -> None:
        self.folder = path / "Opter ud"
        self.folder.mkdir()
        (path / "secret").write_bytes(SECRET)
        self.posting = Posting(path, settings=Web(requests_per_minute=100_000))
        self.posting.clock.now = time.time()
        self.port = free_port()
        self.command = [sys.executable, "-I", "-S", str(archive), str(self.folder), f"http://127.0.0.1:{self.port}"]
        self.command += ["--export", "main", "--secret-file", str(path / "secret"), "--stable-seconds", "0"]

    def put(self, number: int, name: str = "") -> None:
        period = {"id": number, "name": f"p{number}", "closedAt": "2026-11-20T15:04:05Z"}
        data = event(invoices(1, first=number), period=period)["data"]
        (self.folder / (name or f"{number}.xml")).write_bytes(to_xml(data))

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*self.command, *more], cwd=self.folder, stderr=subprocess.PIPE)

    def once(self) -> tuple[int, str]:
        with self.start("--once") as process:
            _, said = process.communicate(timeout=60)
        return process.returncode, said.decode()

    def numbers(self) -> list[int]:
        self.posting.take_in()
        return sorted(record.invoice_number for record in self.posting.store.invoices(None, None))

    def files(self, folder: str = ".") -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir() if path.is_file())


@pytest.fixture
def place(tmp_path: Path, archive: Path) -> Place:
    return Place(tmp_path, archive)


@pytest.fixture
def served(place: Place) -> Iterator[Place]:
    server = uvicorn.Server(uvicorn.Config(place.posting.app, port=place.port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    _wait(lambda: server.started)
    yield place
    server.should_exit = True
    thread.join(20)


def test_the_archive_needs_python_alone(served: Place) -> None:
    """Neither our packages nor anybody's: isolated and without site-packages it sends, signed, and moves aside."""
    served.put(7, "periode æøå 7.xml")
    (served.folder / "wrong.xml").write_bytes(b"<invoicePeriod/>")
    code, said = served.once()

    assert (code, served.numbers(), "Traceback" in said) == (1, [7], False)
    assert served.files("done") == ["periode æøå 7.xml"]
    words = (served.folder / "failed" / "wrong.xml.error.txt").read_text(encoding="utf-8")
    assert ("blev ikke taget" in words, "På dansk:" in words) == (True, True)
    assert json.loads((served.folder / "failed" / "wrong.xml.error.json").read_bytes())["problems"]


def test_the_command_line_has_the_same_forwarder(served: Place) -> None:
    """``opter-economic forward`` sends and moves aside as the archive does, with its options and exit codes."""
    served.put(8)
    (served.folder / "wrong.xml").write_bytes(b"<invoicePeriod/>")
    [*_, folder, url, export, name, secret, path, seconds, zero] = served.command
    command = [sys.executable, "-P", "-m", "worker", "forward", folder, url, export, name, secret, path, seconds, zero]
    done = subprocess.run([*command, "--once"], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, served.numbers()) == (1, "", [8])
    assert "8.xml was accepted." in done.stderr
    assert (served.files(), served.files("done")) == ([], ["8.xml"])


def test_killed_again_and_again_every_file_is_taken_once(served: Place) -> None:
    """SIGKILL at seeded moments while it sends; then the rest."""
    chance = random.Random(20261128)
    deaths = 0
    for first in range(1, 61, 10):
        for number in range(first, first + 10):
            served.put(number)
        before = len(served.files("done")) if (served.folder / "done").exists() else 0
        with served.start() as process:
            _wait(lambda before=before: (served.folder / "done").exists() and len(served.files("done")) > before)
            time.sleep(chance.uniform(0.0, 0.03))
            deaths += process.poll() is None
            process.kill()
            process.communicate()
    code, said = served.once()

    assert (deaths, code) == (6, 0), said
    assert served.numbers() == list(range(1, 61))
    assert (served.files(), len(served.files("done")), served.files("failed")) == ([], 60, [])


def test_nobody_there_and_wrong_secret_are_said_in_a_line(place: Place) -> None:
    """Exit codes tell them apart: later, or a person. No traceback; nothing is moved."""
    place.put(1)
    code, said = place.once()
    assert (code, "does not answer" in said, "Traceback" in said) == (1, True, False)
    (place.folder.parent / "secret").write_text("short")
    code, said = place.once()

    assert (code, "32 characters" in said, "Traceback" in said, place.files()) == (2, True, False, ["1.xml"])


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
