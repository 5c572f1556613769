"""A recipe of ``recipes.md``, carried out in a copy of the repository: it names every file that it takes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.deployment import DOCS, ROOT

#: What is no part of the repository.
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info")
TABLE_TEST = "tests/unit/docs/test_tables.py"
DANISH, DANISH_TEST = "worker/web/locale/da.po", "tests/unit/web/test_language.py"
ASKED_TEST = "tests/unit/mapping/test_causes.py"
SAID, SAID_TEST = "worker/web/invoice_descriptions.py", "tests/unit/web/test_descriptions.py"
#: The toy reason, as step 1 of the recipe describes a member; its check, step 2; its test, step 3.
MEMBER = """    TOY_BROKEN = (
        "toy-broken",
        "Toy broken",
        "The toy of the invoice is broken.",
        "Repair the toy, then re-queue the invoice.",
    )
"""
IN_DANISH = """
msgid "Toy broken"
msgstr "Legetøj i stykker"

msgid "The toy of the invoice is broken."
msgstr "Fakturaens legetøj er i stykker."

msgid "Repair the toy, then re-queue the invoice."
msgstr "Reparér legetøjet, og sæt fakturaen i kø igen."
"""
IN_A_SENTENCE = """
msgid "The toy is broken."
msgstr "Legetøjet er i stykker."
"""
PATTERN = 'DESCRIPTIONS = (\n    mark("The toy is broken."),\n'
NOT_ASKED = "    SetUpReason.TEXT_REFUSED,\n    SetUpReason.TOY_BROKEN,\n"
CHECK_LINE = "        lambda: _toy(invoice),\n"
CHECK = """

def _toy(invoice: Invoice) -> None:
    if invoice.your_reference == "broken toy":
        raise invalid(SetUpReason.TOY_BROKEN, "The toy is broken.", field="yourReference", value="broken toy")
"""
TEST = """

@pytest.mark.parametrize("method", ["invoice", "voucher"])
def test_a_broken_toy_is_refused(method: str) -> None:
    chosen = export().model_copy(update={"method": method})
    failures = check_against_agreement(invoice(your_reference="broken toy"), chosen, reference())

    assert "toy-broken" in [failure.reason for failure in failures]
"""


def _recipe(heading: str) -> str:
    """Return the text below a heading of the recipes."""
    text = (DOCS / "recipes.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def _files(recipe: str) -> list[str]:
    """Return the files of the repository that a recipe names, in its order."""
    return [name for name in re.findall(r"`([\w./]+)`", recipe) if (ROOT / name).is_file()]


def _run(copy: Path, *command: str) -> int:
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False).returncode


def _make(copy: Path, target: str) -> int:
    """Run a target of the Makefile with the Python of this test, and install nothing."""
    installed = copy.parent / "installed"
    installed.touch()
    return _run(copy, "make", target, f"BIN={Path(sys.executable).parent}", f"INSTALLED={installed}")


def _tests(copy: Path, *files: str) -> int:
    return _run(copy, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)


def _changed(copy: Path) -> set[str]:
    """Return the files of the copy that differ from the repository's, or are new."""
    files = {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()}
    return {
        str(file)
        for file in files
        if not (ROOT / file).is_file() or (copy / file).read_bytes() != (ROOT / file).read_bytes()
    }


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository."""
    return shutil.copytree(ROOT, tmp_path / "copy", ignore=LEFT_OUT)


@pytest.mark.timeout(300)
def test_a_dead_letter_reason_takes_the_files_that_its_recipe_names(copy: Path) -> None:
    """Carried out step by step: tests pass, only the files that the recipe names differ, no step can be left out."""
    recipe = _recipe("Add a dead-letter reason")
    table, asked, check, _, check_test, *_ = _files(recipe)
    [command] = set(re.findall(r"`make ([a-z]+)`", recipe))
    assert {TABLE_TEST, ASKED_TEST, DANISH, DANISH_TEST, SAID} <= set(_files(recipe))

    _edit(copy / check_test, lambda text: text + TEST)
    assert _tests(copy, check_test) == pytest.ExitCode.TESTS_FAILED
    _edit(
        copy / table, lambda text: re.sub(r'(class SetUpReason\(ReasonCode\):\n    """.*?"""\n\n)', _with_member, text)
    )
    _edit(
        copy / check,
        lambda text: text.replace("    own = _collected(\n", f"    own = _collected(\n{CHECK_LINE}") + CHECK,
    )
    assert _tests(copy, check_test) == pytest.ExitCode.OK
    assert _tests(copy, ASKED_TEST) == pytest.ExitCode.TESTS_FAILED
    _edit(copy / asked, lambda text: text.replace("    SetUpReason.TEXT_REFUSED,\n", NOT_ASKED))
    assert _tests(copy, ASKED_TEST) == pytest.ExitCode.OK
    assert _tests(copy, TABLE_TEST) == pytest.ExitCode.TESTS_FAILED

    assert _tests(copy, DANISH_TEST) == pytest.ExitCode.TESTS_FAILED
    _edit(copy / DANISH, lambda text: text + IN_DANISH)
    assert _tests(copy, DANISH_TEST) == pytest.ExitCode.OK
    assert _tests(copy, SAID_TEST) == pytest.ExitCode.TESTS_FAILED
    _edit(copy / SAID, lambda text: text.replace("DESCRIPTIONS = (\n", PATTERN))
    assert _tests(copy, DANISH_TEST) == pytest.ExitCode.TESTS_FAILED
    _edit(copy / DANISH, lambda text: text + IN_A_SENTENCE)
    assert _tests(copy, DANISH_TEST, SAID_TEST) == pytest.ExitCode.OK

    assert _make(copy, command) == 0
    assert _tests(copy, TABLE_TEST) == pytest.ExitCode.OK
    assert _changed(copy) == {table, asked, check, check_test, DANISH, SAID, "deploy/docs/reasons.md"}
    assert _changed(copy) <= set(_files(recipe))


def _with_member(head: re.Match[str]) -> str:
    return head[1] + MEMBER


def _edit(file: Path, change: Callable[[str], str]) -> None:
    text = file.read_text(encoding="utf-8")
    assert change(text) != text, f"{file.name} no longer looks as the recipe's test expects"
    file.write_text(change(text), encoding="utf-8")
