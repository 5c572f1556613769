"""A watched folder: the rules of ``worker.forward.folder``, and what the watcher and the intake need beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from config.exports import ExportConfig
from worker.domain.sums import Problem
from worker.forward.folder import OWN, Folder
from worker.intake.sources.refusal_words import words


class WatchedFolder(Folder):
    """One watched folder. Every method may raise ``OSError``."""

    def quiet_for(self, now: float) -> float:
        """Return the seconds since the last file came or changed."""
        return now - max((since for _, since in self._since.values()), default=now)

    def refuse_for(self, name: str, problems: Sequence[Problem]) -> None:
        """Move a file to ``failed``, its problems beside it."""
        document = {"problems": [_document(problem) for problem in problems]}
        self.refuse(name, self.digest(name), words=words(name, problems), document=document)

    @override
    def _taken(self, name: str, into: str) -> bool:
        # Asked of the file system, which knows whether case counts: after some years ``done`` is too long to be read.
        return (self.path / into / name).exists()


def _document(problem: Problem) -> dict[str, Any]:
    return {
        "reason": problem.reason.value,
        "description": problem.description,
        "invoiceNumber": problem.invoice_number,
        "field": problem.field,
        "value": problem.value,
    }


def kept_folders(exports: Mapping[str, ExportConfig]) -> tuple[Path, ...]:
    """Return where watched folders keep what their events refer to; the intake may read there."""
    return tuple((export.source.folder / OWN).resolve() for export in exports.values() if export.source.folder)
