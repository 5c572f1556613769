"""The report of a run over invoices that had been exported before."""

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli.console import data_of
from worker.cli.rerun import Rerun
from worker.cli.views.reasons import by_reason
from worker.cli.views.tables import facts, page, section


def rerun_view(run: Rerun) -> RenderableType:
    """Return what was posted now, what was there already, and what failed."""
    failed = sum(run.failed.values())
    rows: list[tuple[str, RenderableType]] = [
        ("Booked now", Text(str(run.booked_now), style="good" if run.booked_now else "")),
        ("Already there", str(run.already_there)),
        ("Failed", Text(str(failed), style="bad" if failed else "")),
        ("Left out on purpose", str(run.left_out) if run.left_out else ""),
        ("On their way", Text(str(run.moving), style="wait") if run.moving else ""),
    ]
    return page(facts(rows), section("Failed", by_reason(run.failed)) if run.failed else None)


def rerun_data(run: Rerun) -> dict[str, Any]:
    """Return the same for scripts."""
    return data_of(run)
