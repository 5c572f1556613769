"""Descriptions of failures in Danish: every sentence that code raises, found in the code itself."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

import worker
from worker.cli.language import speak
from worker.cli.words import described as described_by_commands
from worker.domain.reasons import ProcessReason, failure, merged
from worker.web.descriptions import described, detail
from worker.web.language import translations

DANISH, ENGLISH = translations("da").gettext, translations("en").gettext
ROOM = Path(str(worker.__file__)).parent
#: Calls whose second argument is a description, or that name it.
_RAISING = ("failure", "invalid", "refused", "_problem", "Problem")
#: Sentences that are made of another place's words as a whole: these are said, or quoted, as they come.
_PASSED_ON = ("X.", "X: X.", "X (X).", "X: X", "XX")
#: Readers of files and of their formats: their sentences name a place in a file for whoever writes the files, and are
#: quoted; what is wrong and what to do is said of their reasons.
_OF_FILES = ("intake/formats", "intake/learning", "intake/sources")
#: What stands in for a value.
_VALUE = "X"


def _texts(node: ast.expr, known: Mapping[str, Sequence[ast.expr]]) -> Iterator[str]:
    """Every sentence that an expression may be, with ``_VALUE`` for each value."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else _VALUE for part in parts)
        case ast.BinOp(left=left, right=right):
            yield from (f"{first}{second}" for first in _texts(left, known) for second in _texts(right, known))
        case ast.IfExp(body=body, orelse=other):
            yield from (*_texts(body, known), *_texts(other, known))
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name):
            yield from (text for value in known.get(name, ()) for text in _texts_of_name(name, value, known))


def _texts_of_name(name: str, value: ast.expr, known: Mapping[str, Sequence[ast.expr]]) -> Iterator[str]:
    """The same of what a name was given; a name that was given itself adds nothing."""
    for choice in value.values if isinstance(value, ast.Dict) else [value]:
        if not (isinstance(choice, ast.Name) and choice.id == name):
            yield from _texts(choice, known)


def _raised() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOM.rglob("*.py")):
        if path.relative_to(ROOM).as_posix().startswith(("sandbox", *_OF_FILES)):
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                yield from ((f"{path.relative_to(ROOM)}:{function.name}", text) for text in _of(function))


def _of(function: ast.FunctionDef) -> Iterator[str]:
    known: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _name(node) in _RAISING:
            for argument in [*node.args[1:2], *(it.value for it in node.keywords if it.arg == "description")]:
                yield from _texts(argument, known)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def test_every_description_is_danish_too() -> None:
    """A sentence that a check raises has a pattern, and the pattern a translation: none is shown quoted."""
    raised = [(place, text) for place, text in _raised() if text not in _PASSED_ON and text != _VALUE]

    assert len(raised) > 130
    assert [(place, text) for place, text in raised if described(text, DANISH).startswith("»")] == []


def test_values_stand_where_they_belong() -> None:
    """Names and numbers as they are, phrases inside in Danish."""
    assert described("Customer 1004 is barred in e-conomic.", DANISH) == "Kunde 1004 er spærret i e-conomic."
    text = "The invoice is dated 2026-01-02, and accounting year 2025/2026 is closed in e-conomic."
    assert described(text, DANISH) == (
        "Fakturaen er dateret 2026-01-02, og regnskabsåret 2025/2026 er lukket i e-conomic."
    )
    assert described("Account 5710 Kasse is barred in e-conomic.", DANISH) == "Konto 5710 Kasse er spærret i e-conomic."


def test_several_sentences_are_each_said() -> None:
    """With their numbers; one among them that cannot be said is quoted by itself."""
    said = ("Invoice 7 comes without a PDF.", "Customer 5 is barred in e-conomic.", "Somebody else's words.")
    whole = merged([failure(ProcessReason.INTERNAL_ERROR, text) for text in said])

    assert described(whole.description, DANISH) == (
        "(1) Faktura 7 kommer uden PDF. (2) Kunde 5 er spærret i e-conomic. (3) »Somebody else's words.«"
    )


def test_somebody_elses_words_are_quoted_and_english_stays() -> None:
    """What no pattern fits is shown as it was found, marked; in English nothing is changed."""
    assert described("E04041: not allowed.", DANISH) == "»E04041: not allowed.«"
    for text in ("E04041: not allowed.", "Customer 1004 is barred in e-conomic.", ""):
        assert described(text, ENGLISH) == text


def test_commands_say_the_same() -> None:
    """By their own language."""
    speak("da")
    try:
        assert described_by_commands("Customer 4 is barred in e-conomic.") == "Kunde 4 er spærret i e-conomic."
    finally:
        speak("en")
    assert described_by_commands("Customer 4 is barred in e-conomic.") == "Customer 4 is barred in e-conomic."


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("booked as 100353", "bogført som 100353"),
        ("found booked as 7", "fundet bogført som 7"),
        ("customer-barred", DANISH("Customer barred")),
        ("Birthe: typed in", "Birthe: typed in"),
        ("4711", "4711"),
    ],
)
def test_details_of_a_history_are_danish_too(kept: str, said: str) -> None:
    """A reason by its heading; numbers and a person's own words as they are."""
    assert detail(kept, DANISH) == said
