"""A recipe of ``recipes.md``, carried out in a copy of the repository: it names every file that it takes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.deployment import DOCS, ROOT

#: What is no part of the repository.
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info")
TABLE_TEST = "tests/unit/docs/test_tables.py"
#: The toy reason, as step 1 of the recipe describes a member.
MEMBER = """    TOY_BROKEN = (
        "toy-broken",
        "Toy broken",
        "The toy of the invoice is broken.",
        "Repair the toy, then re-queue the invoice.",
    )
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
    """Its member and the named command are enough; without the command, the test that the recipe names fails."""
    recipe = _recipe("Add a dead-letter reason")
    table = copy / _files(recipe)[0]
    [command] = set(re.findall(r"`make ([a-z]+)`", recipe))
    reason_tests = [str(path.relative_to(copy)) for path in (copy / "tests/unit").rglob("test_reasons.py")]
    assert TABLE_TEST in _files(recipe)
    assert reason_tests

    text = table.read_text(encoding="utf-8")
    extended = re.sub(
        r'(\(ReasonCode\):\n    """.*?"""\n\n)', lambda head: head[1] + MEMBER, text, count=1, flags=re.DOTALL
    )
    table.write_text(extended, encoding="utf-8")
    assert _tests(copy, TABLE_TEST) == pytest.ExitCode.TESTS_FAILED

    assert _make(copy, command) == 0
    assert _tests(copy, TABLE_TEST, *reason_tests) == pytest.ExitCode.OK
    assert _changed(copy) == {_files(recipe)[0], "deploy/docs/reasons.md"}
    assert _changed(copy) <= set(_files(recipe))
