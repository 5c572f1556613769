"""How a store is that exports name, beside that of the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.errors import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreLook:
    """One store."""

    name: str
    exports: Sequence[str]
    #: Why it does not answer; None: it does.
    away: Failure | None = None
    #: What is wrong with it, a sentence each.
    problems: Sequence[str] = ()
