"""Suppressed findings of the linters: each on its own line, with its rule and the reason."""

import re
from pathlib import Path

from support.deployment import ROOT

_SOURCES = sorted(
    path for room in ("worker", "tasks", "config", "deploy", "tests") for path in (ROOT / room).rglob("*.py")
)
_NOQA = re.compile(r"# noqa(?P<codes>:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*)?(?P<reason>.*)")
_FILE_WIDE = re.compile(r"# ruff: noqa(?P<codes>:\s*[A-Z]+[0-9]+)?(?P<reason>.*)")


def _suppressions(pattern: re.Pattern[str]) -> list[tuple[Path, int, re.Match[str]]]:
    return [
        (path, number, found)
        for path in _SOURCES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def test_every_suppression_names_its_rule_and_its_reason() -> None:
    """A blanket suppression would hide the next finding, too."""
    found = [*_suppressions(_NOQA), *_suppressions(_FILE_WIDE)]
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, number, match in found
        if not match["codes"] or len(match["reason"].strip(" #-")) < 5
    ]

    assert found
    assert bare == []


def test_security_findings_are_suppressed_line_by_line_only() -> None:
    """Bandit's rules (S) are on for everything that ships; no file and no folder of it is exempt."""
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [ignored] = re.findall(r"^ignore = \[(.*?)^\]", settings, re.MULTILINE | re.DOTALL)
    exempt = re.findall(
        r'^"([^"]+)" = \[', settings.split("[tool.ruff.lint.per-file-ignores]")[1].split("[tool.")[0], re.MULTILINE
    )

    assert re.findall(r'"S\d*"', ignored) == []
    assert exempt == ["tests/**"]
    assert [str(path) for path, _, match in _suppressions(_FILE_WIDE) if ": S" in (match["codes"] or "")] == []
