"""Documents name what exists: commands, options, files, variables, targets."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from support.deployment import DOCS, DOCUMENTS, ROOT, SETUPS, commands, relative

from config.docs_tables import settings_table
from worker.cli.main import application

#: The headings of a decision record, in this order.
PARTS = ["Context", "Decision", "Alternatives", "Consequences"]
RECORDS = sorted((DOCS / "adr").glob("*.md"))
SHOWN = [(path, line) for path in (*DOCUMENTS, *SETUPS) for line in commands(path.read_text(encoding="utf-8"))]


def _strangers(arguments: str) -> list[str]:
    """Return the commands and options of a command line that the application does not know, up to the first command."""
    at: Any = application()
    strangers, value = [], False
    for word in shlex.split(arguments):
        if value:
            value = False
            continue
        at = getattr(at, "loaded", at)
        options = {name for parameter in at.params for name in parameter.opts} | {"--help"}
        if word.startswith("-"):
            strangers += [word] if word not in options else []
            value = any(word in parameter.opts and not parameter.is_flag for parameter in at.params)
        elif word in getattr(at, "commands", ()):
            at = at.commands[word]
        elif hasattr(at, "commands"):
            return [*strangers, word]
    return strangers


@pytest.mark.parametrize(("path", "line"), SHOWN, ids=[f"{relative(path)}: {line}" for path, line in SHOWN])
def test_every_command_shown_exists(path: Path, line: str) -> None:
    """A command or option that a document or deployment file shows can be typed."""
    assert _strangers(line) == [], path


def test_a_command_that_does_not_exist_is_noticed() -> None:
    """The test above can fail: at a command, at a command below it, and at an option."""
    assert [_strangers(line) for line in ("exprot check main", "export chekc main", "status --jsn")] == [
        ["exprot"],
        ["chekc"],
        ["--jsn"],
    ]


def test_every_process_and_operation_is_documented() -> None:
    """Every command of the application is shown at least once, or named in the changelog's list."""
    shown = {line.split()[0] for _, line in SHOWN}
    named = set(re.findall(r"`([a-z]+)`", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    app: Any = application()

    assert set() == set(app.commands) - shown - named


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_every_link_leads_somewhere(path: Path) -> None:
    """A link to a file leads to a file or folder of the repository."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    files = [link for link in links if not link.startswith("https://")]

    assert [link for link in files if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_every_file_and_function_named_exists(path: Path) -> None:
    """A path of the repository in a document leads to a file or folder; behind a colon stands a name defined there."""
    named = re.findall(
        r"`((?:worker|tests|config|tasks|deploy)/[\w./-]*)(?::([\w.]+))?`", path.read_text(encoding="utf-8")
    )

    assert [name for name, _ in named if not (ROOT / name).exists()] == []
    assert [
        f"{name}:{what}"
        for name, what in named
        if what
        and not re.search(
            rf"(def|class|^local function|^) ?{what.split('.')[-1]}\b", (ROOT / name).read_text(), re.MULTILINE
        )
    ] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_every_variable_named_exists(path: Path) -> None:
    """A setting that a document names is one that the settings know; of a renamed one, its new name is."""
    known = {row.variable for row in settings_table()}
    text = path.read_text(encoding="utf-8")
    if path.name == "CHANGELOG.md":  # its tables "was | is" name what a setting was called before
        text = re.sub(r"^ *\| [^|]+\|", "", text, flags=re.MULTILINE)

    sections = set(re.findall(r"(OPTER_ECONOMIC_[A-Z_]+__)…", text))
    named = set(re.findall(r"OPTER_ECONOMIC_[A-Z_]+[A-Z](?![A-Z_]*…)", text))

    assert set() == named - known
    assert [section for section in sections if not any(name.startswith(section) for name in known)] == []


def test_every_log_line_to_watch_exists() -> None:
    """An alarm set on a log line of the operator's guide can ring: the code writes that line."""
    runbook = (DOCS / "operator.md").read_text(encoding="utf-8")
    table = runbook.partition("| Line | Meaning |")[2].partition("\n\n")[0]
    lines = re.findall(r"`([a-z]+_[a-z]+)`", table)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "worker").rglob("*.py"))

    assert lines != []
    assert [line for line in lines if not re.search(rf'log\.\w+\(\s*"{line}"', code)] == []


@pytest.mark.parametrize("path", RECORDS, ids=relative)
def test_a_decision_record_has_its_form(path: Path) -> None:
    """The title is the decision and names the file; tags, status, date and four parts follow; it fits on a page."""
    lines = path.read_text(encoding="utf-8").splitlines()
    slug = "-".join(re.findall(r"[a-z0-9]+", lines[0].removeprefix("# ").lower().replace("'", "")))

    assert path.stem == f"{RECORDS.index(path) + 1:04}-{slug}"
    assert lines[2].startswith("**Tags:** ")
    assert re.fullmatch(r"\*\*Status:\*\* (accepted|superseded by \d{4}) · \*\*Date:\*\* \d{4}-\d\d-\d\d", lines[3])
    assert [line[3:] for line in lines if line.startswith("## ")] == PARTS
    assert len(lines) in range(18, 71)


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_every_make_target_named_exists(path: Path) -> None:
    """A `make` target that a document names is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))

    assert named - targets == set()
