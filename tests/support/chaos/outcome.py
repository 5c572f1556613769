"""The outcome of one run with real processes."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Outcome:
    """What went wrong in one run, and what was done in it."""

    seed: int
    invoices: int
    method: str = "invoice"
    #: What it suffered besides the faults of every run.
    hazards: tuple[str, ...] = ()
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    #: Invoices on another customer's account.
    misdirected: list[str] = field(default_factory=list)
    #: Stray drafts, customers or products created twice, findings, disagreement of store and e-conomic.
    other: list[str] = field(default_factory=list)
    dead_once: dict[str, int] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    restarts: int = 0
    seconds: float = 0.0

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.unequal, *self.misdirected, *self.other]
