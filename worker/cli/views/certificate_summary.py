"""Certificates in lists, and the last one of a period: when it was read and what it came to, without its text."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import table
from worker.cli.language import say
from worker.domain.invoice_period import StoredCertificate


def summaries_view(certificates: Sequence[StoredCertificate]) -> RenderableType:
    """Return a period's certificates, oldest first."""
    rows = table(say("Certificate"), say("e-conomic read at"), say("Result"), "SHA-256")
    for kept in certificates:
        rows.add_row(kept.id, when(kept.at), result(kept), kept.sha256[:16])
    return rows


def result(kept: StoredCertificate) -> Text:
    """Return in a few words what a certificate came to."""
    if not kept.complete:
        return Text(say("not everything could be read"), style="wait")
    if kept.open_differences:
        return Text(formatting.count(kept.open_differences, "difference"), style="bad")
    return Text(say("no differences"), style="good")


def summary_data(kept: StoredCertificate) -> dict[str, Any]:
    """Return what a list of certificates shows of one, for scripts."""
    return {
        "id": kept.id,
        "period": kept.period,
        "at": kept.at,
        "sha256": kept.sha256,
        "complete": kept.complete,
        "openDifferences": kept.open_differences,
    }


def when(at: str) -> str:
    """Return a certificate's time for people."""
    return at.replace("T", " ").replace("+00:00", " UTC")
