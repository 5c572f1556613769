"""Exports and what a check of one found."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from config.exports import ExportConfig
from worker.cli import formatting
from worker.cli.console import data_of
from worker.cli.formatting import page, table
from worker.economic.mapping.setup_check import Check
from worker.errors import Failure


def exports_view(exports: Mapping[str, ExportConfig], paused: Mapping[str, Failure]) -> RenderableType:
    """Return a table of all exports; tokens are not in it."""
    made = table("Export", "Method", "Agreement", "e-conomic at", "State")
    for name, export in sorted(exports.items()):
        why = paused.get(name)
        state = Text.assemble(("paused: ", "bad"), why.description) if why else Text("running", style="good")
        made.add_row(
            Text(name, style="strong"), export.method, str(export.agreement or "not pinned"), export.api_url, state
        )
    return made


def exports_data(exports: Mapping[str, ExportConfig], paused: Mapping[str, Failure]) -> list[dict[str, Any]]:
    """Return the same for scripts."""
    return [
        {
            "name": name,
            "method": export.method,
            "agreement": export.agreement,
            "apiUrl": export.api_url,
            "paused": data_of(paused[name]) if name in paused else None,
        }
        for name, export in sorted(exports.items())
    ]


def checks_view(name: str, checks: Sequence[Check]) -> RenderableType:
    """Return what was looked at and, below, whether the set-up is good."""
    made = table("", "What", "Found", "What to do")
    for check in sorted(checks, key=lambda one: one.ok):
        mark = Text("✓", style="good") if check.ok else Text("✗", style="bad")
        made.add_row(mark, check.item, check.found, check.next_step)
    wrong = sum(not check.ok for check in checks)
    verdict = (
        Text(f"\n{formatting.count(wrong, 'thing')} to put right.", style="bad")
        if wrong
        else Text("\nThe set-up is complete.", style="good")
    )
    return page(Text(f"Export {name}", style="title"), made, verdict, Text())


def checks_data(name: str, checks: Sequence[Check]) -> dict[str, Any]:
    """Return the same for scripts."""
    return {"export": name, "ok": all(check.ok for check in checks), "checks": [data_of(check) for check in checks]}
