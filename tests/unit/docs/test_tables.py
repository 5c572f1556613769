"""The tables that documents take from the code."""

import runpy
from typing import Any

import pytest
from support.deployment import DEPLOY, DOCS

from config.docs_tables import settings_table
from worker.economic.mapping.reasons import REASONS


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(DEPLOY / "write_tables.py"))


def test_documents_agree_with_the_code(script: dict[str, Any]) -> None:
    """The documents say what the code says; `python deploy/write_tables.py` mends them."""
    outdated = [path.name for path, text in script["documents"]() if path.read_text(encoding="utf-8") != text]

    assert outdated == []


def test_every_reason_has_its_place_in_the_documents() -> None:
    """A reason code is found in reasons.md exactly once, with its table's cause and next step."""
    reasons = (DOCS / "reasons.md").read_text(encoding="utf-8")
    rows = [f"`{reason}` | {reason.cause} | {reason.next_step} |" for reason in REASONS.values()]

    assert [1] * len(rows) == [reasons.count(row) for row in rows]


def test_every_setting_is_in_the_table() -> None:
    """No setting is missing from settings.md, and none is there twice."""
    text = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert {row.variable: 1 for row in settings_table()} == {
        row.variable: text.count(f"| `{row.variable}` |") for row in settings_table()
    }


def test_a_table_replaces_what_stood_between_its_marks(script: dict[str, Any]) -> None:
    """The text around the marks is left as it is, and writing twice changes nothing more."""
    text = "before\n<!-- x -->\nold\n<!-- /x -->\nafter\n"

    once = script["with_tables"](text, {"x": "new"})

    assert once == "before\n<!-- x -->\n\nnew\n\n<!-- /x -->\nafter\n"
    assert once == script["with_tables"](once, {"x": "new"})


def test_a_missing_mark_is_told(script: dict[str, Any]) -> None:
    """A table that has no place is a mistake, not a table less."""
    with pytest.raises(LookupError, match="<!-- x -->"):
        script["with_tables"]("<!-- x -->\nno end\n", {"x": "new"})
