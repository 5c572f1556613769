"""Signs of life: which processes of an installation are alive, as the store saw them last."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

#: Seconds without a sign of life after which a process counts as dead.
SILENT_AFTER = 40.0
#: Seconds after which one that is silent is forgotten.
FORGOTTEN_AFTER = 24 * 3600.0


class Part(StrEnum):
    """A kind of process, or of work in one, that shows whether it is alive."""

    WORKER = "worker"
    INTAKE = "intake"
    SWEEPS = "sweeps"
    PAGE = "page"
    WATCH = "watch"
    #: A watched folder or SFTP server that cannot be used: its name is the export's and what is wrong.
    FOLDER_FAULT = "folder-fault"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileNotTaken:
    """Why a process does not use the exports file as it is now, but the former one."""

    problem: str
    next_step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignOfLife:
    """The last that was seen of one process; what ended in order leaves none behind."""

    part: Part
    #: Unique among those of its part: the worker's Celery name, or host and process number.
    name: str
    #: Seconds since, by the store's clock.
    silent_for: float
    #: Why it does not use the exports file as it is now; None: it does.
    not_taken: FileNotTaken | None = None

    @property
    def alive(self) -> bool:
        """Whether that is not long ago."""
        return self.silent_for < SILENT_AFTER


def latest(signs: Sequence[SignOfLife], part: Part) -> SignOfLife | None:
    """Return the latest sign of life of a part; None when nothing was seen of it for a day, or it ended in order."""
    return min((sign for sign in signs if sign.part is part), key=lambda sign: sign.silent_for, default=None)


def alive(signs: Sequence[SignOfLife], part: Part) -> bool:
    """Tell whether at least one process of a part is alive."""
    return any(sign.part is part and sign.alive for sign in signs)


class LifePort(Protocol):
    """What a process leaves to show that it is alive."""

    def show_life(self, part: Part, name: str, *, not_taken: FileNotTaken | None = None) -> None:
        """Note that this process is alive now, and what keeps it from using the exports file as it is."""

    def end_life(self, part: Part, name: str) -> None:
        """Forget this process: it ends in order."""
