"""The Danish catalogue of the commands against what they say, and the choice of the language."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from support.cli import Bench
from support.clock import ManualClock
from typer.core import TyperGroup

from config.spoken import spoken
from worker.cli.language import speak
from worker.cli.main import LazyCommand, application, run
from worker.reconcile.reasons import ReconcileReason
from worker.web.descriptions import PATTERNS

ROOM = Path(str(files("worker.cli")))
#: The procedure description has its sentences in both languages side by side.
_OTHERWISE = ("procedure.py", "procedure_texts.py")
_PLACEHOLDERS = re.compile(r"\{\w+[^}]*\}")
_SAYING = {"say": 1, "mark": 1, "say_count": 2, "mark_count": 2}
#: Calls whose texts no person reads at a terminal, or that a reader of help gets by ``say_help``.
_UNSAID = frozenset(
    {"failure", "Option", "Argument", "Typer", "debug", "info", "warning", "error", "getLogger", "get_logger"}
)
#: Names, and words of the libraries.
_NAMES = frozenset(
    {"Redis", "Flower", "Broker", "no reason given", "Opter", "Cc", "bold red", "more place"}
    | {
        "opter-economic status --watch PERIOD, opter-economic failed",
        "`opter-economic export resume {}`",
        "env {} opter-economic status",
        "opter-economic {}",
        " --mapping {}",
        " --stylesheet {}",
        " --port {}",
        "--out {}",
        "plan {}",
        "source {}",
        "{} && opter-economic status",
        "opter-economic web --link --role bookkeeper",
        "{} of {}",
        "every export",
        "  Sandbox   {}/_sandbox/requests",
        "opter-economic requeue --reason {}",
        "Flower: http://{}:{}",
        "  Flower    http://127.0.0.1:{}/tasks",
    }
)
#: A number, and what is counted by it in the plural.
_PLURALS = (
    "minutes|hours|days|seconds|years|invoices|events|periods|entries|attempts|notices|channels|messages|problems|"
    "differences|lines|calls|parts|fields|numbers|conflicts|things|places|tokens|characters|requests|workers|files|"
    "customers|products|causes|batches|exports|rows|members|times|tries"
)
COUNTED = re.compile(rf"(?:%\(\w+\)s|\{{\w+[^}}]*\}}) (?:\w+ )?(?:{_PLURALS})\b")
_SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? +(?:[A-Za-z]{2,}|\{\})|\{\} +[A-Za-z]{2,}|^[A-Z][a-z]+$")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    speak("en")


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ROOM.rglob("*.py")):
        if path.name not in _OTHERWISE:
            yield path, ast.parse(path.read_text())


def _said() -> Iterator[str | tuple[str, str]]:
    """Every phrase that the commands say; a pair has a singular and a plural."""
    for _, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (size := _SAYING.get(_name(node))):
                start = 1 if _name(node) == "say_count" else 0
                texts = [part.value for part in node.args[start : start + size] if isinstance(part, ast.Constant)]
                if len(texts) == size:
                    yield tuple(texts) if size > 1 else texts[0]  # type: ignore[misc]  # strings, or mypy would know


def _helps(command: Any) -> Iterator[str]:
    """Every text of the help of a command and of those below it."""
    loaded = command.loaded if isinstance(command, LazyCommand) else command
    for each in {command, loaded}:
        texts = (each.help, each.short_help, getattr(each, "rich_help_panel", None))
        yield from (text for text in texts if isinstance(text, str) and text)
    for parameter in loaded.params:
        texts = (getattr(parameter, "help", None), getattr(parameter, "show_default", None))
        yield from (text for text in texts if isinstance(text, str) and re.search("[a-z]", text))
    if isinstance(loaded, TyperGroup):
        for child in loaded.commands.values():
            yield from _helps(child)


def test_every_phrase_of_the_commands_is_danish_too() -> None:
    """Each has a translation with the same placeholders, and the catalogue holds no phrase that is gone."""
    with (ROOM / "locale" / "da.po").open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file, locale="da") if message.id}
    of_certificates = {text for reason in ReconcileReason for text in (reason.heading, reason.next_step)}
    ours = {*_said(), *_helps(application()), *of_certificates}
    assert sorted(map(str, ours - catalogue.keys())) == []
    assert sorted(map(str, catalogue.keys() - ours)) == []
    for phrase, translated in catalogue.items():
        english = phrase if isinstance(phrase, tuple) else (phrase,)
        danish = translated if isinstance(translated, tuple) else (translated,)
        assert all(danish), phrase
        for original, other in zip(english, danish, strict=True):
            assert set(_PLACEHOLDERS.findall(original)) == set(_PLACEHOLDERS.findall(other)), phrase


@pytest.mark.parametrize("room", ["worker.cli", "worker.web"])
def test_every_count_has_a_singular(room: str) -> None:
    """A number before what is counted says its form: "1 minute", not "1 minutes"; on pages and in messages too."""
    with (Path(str(files(room))) / "locale" / "da.po").open("rb") as file:
        alone = [message.id for message in read_po(file, locale="da") if isinstance(message.id, str)]
    # Descriptions of failures are said by the sentence that the store has kept.
    assert [phrase for phrase in alone if COUNTED.search(phrase) and phrase not in PATTERNS] == []


@pytest.mark.parametrize(
    ("phrase", "counts"),
    [
        ("about %(minutes)s minutes left", True),
        ("{number} new entries in all", True),
        ("{number} entry", False),
        ("Invoices: {number}", False),
        ("{export} has failed", False),
    ],
)
def test_a_count_without_a_singular_is_found(phrase: str, *, counts: bool) -> None:
    """Also with a word in between; a name or a sum is no count."""
    assert bool(COUNTED.search(phrase)) is counts


def test_no_sentence_is_english_only() -> None:
    """Whatever reads like a sentence or a label is said, or marked to be said."""
    found = [f"{path.relative_to(ROOM)}:{line}: {text}" for path, tree in _sources() for line, text in _unsaid(tree)]
    assert found == []


def _unsaid(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and _name(node) in _SAYING.keys() | _UNSAID:
            continue
        if isinstance(node, ast.Assert | ast.Subscript) or _is_docstring(node) or _holds_helps(node):
            continue
        text = _text(node)
        if text is not None:
            if _SENTENCE.search(text) and text not in _NAMES:
                yield node.lineno, text  # type: ignore[attr-defined]  # a literal has a line
            continue
        yield from _unsaid(node)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _holds_helps(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_COMMANDS"


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "da_DK.UTF-8"}, "da"),
        ({"LANG": "da"}, "da"),
        ({"LANG": "en_DK.UTF-8"}, "en"),
        ({"LANG": "da_DK.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "da_DK"}, "da"),
        ({"LANG": "da_DK.UTF-8", "LC_ALL": ""}, "da"),
    ],
)
def test_the_language_is_that_of_messages_in_the_environment(environ: dict[str, str], language: str) -> None:
    """As a C library takes it: LC_ALL before LC_MESSAGES before LANG, and none that is empty."""
    assert spoken(environ) == language


@pytest.mark.parametrize(
    ("arguments", "heading"),
    [
        (["status"], "No period has arrived yet."),
        (["--lang", "da", "status"], "Der er ikke kommet nogen periode endnu."),
        (["status", "--lang=da"], "Der er ikke kommet nogen periode endnu."),
    ],
)
def test_a_command_speaks_the_language_that_is_asked_for(bench: Bench, arguments: list[str], heading: str) -> None:
    """Wherever the option stands."""
    bench.run(*arguments)

    assert heading in bench.stdout.getvalue()


def test_what_scripts_read_is_the_same_in_every_language(bench: Bench) -> None:
    """``--json`` is not for a person."""
    assert bench.json("health", "--lang", "da") == bench.json("health")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lang", "da", "--help"], "Vis alle perioder"),
        (["status", "--help", "--lang", "da"], "Følg perioden løbende"),
    ],
)
def test_help_is_danish_too(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the whole, and of a command with its options."""
    run(arguments, Bench(ManualClock()))

    assert said in capsys.readouterr().out


def test_a_language_that_is_none_of_ours_is_refused(bench: Bench) -> None:
    """With those that there are."""
    assert bench.run("--lang", "xx", "status") == 2
