"""What there is to tell of, as values: read by ``watch``, judged by ``decide``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from worker.domain.batch import Batch
from worker.domain.invoice_period import PeriodRecord
from worker.domain.period_report import Phase, phase_of
from worker.domain.period_sums import PeriodSums
from worker.domain.signs_of_life import Part
from worker.economic.mapping.reasons import SetUpReason
from worker.errors import Failure
from worker.intake.queue import DeadEvent

#: Groups of failures that one notice names, and values of one group.
MOST_GROUPS, MOST_VALUES = 10, 5
_SET_UP = frozenset(reason.value for reason in SetUpReason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Failures that people are told of as one: by cause and value where the set-up is wrong, else by reason.

    What lies with a customer or an invoice has a value for each of them, and may show who it is.
    """

    key: str
    export: str
    reason: str
    #: The value that is wrong; empty where it may be a customer's.
    value: str
    #: The first values, where they may be a customer's: only for channels that want them.
    values: tuple[str, ...]
    invoices: int
    #: Currency -> gross, credit notes counted by their size.
    at_stake: Mapping[str, Decimal]
    #: Id of its cause where it has just one; empty: several.
    cause: str = ""

    def facts(self) -> dict[str, Any]:
        """Return it as a notice holds it."""
        amounts = {currency: str(amount) for currency, amount in sorted(self.at_stake.items())}
        return {
            "reason": self.reason,
            "value": self.value,
            "values": list(self.values),
            "invoices": self.invoices,
            "amounts": amounts,
            "cause": self.cause,
        }


def group_key(export: str, failure: Failure, cause: str) -> str:
    """Return the key of the condition under which failures of this cause are told."""
    return f"cause:{export}:{cause if failure.reason in _SET_UP else failure.reason}"


def value_of(failure: Failure) -> str:
    """Return the value that may be shown to everybody; empty where it may be a customer's."""
    return failure.value if failure.reason in _SET_UP else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodView:
    """One period that has moved on, or whose time has come."""

    period: PeriodRecord
    #: As the store saw it; empty: it has not moved.
    mark: str
    #: Keys told by ``Once`` already.
    notified: frozenset[str]
    #: What its invoices add up to; None while they are on their way.
    sums: PeriodSums | None = None
    #: Its failures; empty where nobody is told of them now.
    groups: tuple[Group, ...] = ()
    #: Numbers that no period has brought and nobody has explained: what stands before them, first, last.
    gaps: tuple[tuple[str, int, int], ...] = ()

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        return phase_of(self.period, self.period.counts)

    @property
    def at_rest(self) -> bool:
        """Whether nothing of it goes on by itself."""
        return at_rest(self.period)

    @property
    def done_key(self) -> str:
        """The key of the message that it is done; another one once more invoices have come."""
        return done_key(self.period)

    @property
    def fix_key(self) -> str:
        """The key of the message that something is to be fixed."""
        return fix_key(self.period)


def at_rest(period: PeriodRecord) -> bool:
    """Tell whether nothing of a period goes on by itself."""
    return phase_of(period, period.counts) in {Phase.DONE, Phase.NEEDS_A_PERSON, Phase.DIFFERS}


def done_key(period: PeriodRecord) -> str:
    """Return the key of the message that a period is done."""
    return f"done:{period.id}:{period.total}"


def fix_key(period: PeriodRecord) -> str:
    """Return the key of the message that something of a period is to be fixed."""
    return f"to-fix:{period.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything that was read in one look."""

    now: float
    #: Which parts show no sign of life.
    silent: frozenset[Part] = frozenset()
    paused: Mapping[str, Failure] = field(default_factory=dict)
    refused: Sequence[DeadEvent] = ()
    #: By export: how much the last check of its agreement found wrong.
    agreements: Mapping[str, int] = field(default_factory=dict)
    #: Keys of the groups that failed invoices are in.
    group_keys: frozenset[str] = frozenset()
    #: Those of them that were read.
    groups: Mapping[str, Group] = field(default_factory=dict)
    #: Batches of self-clearing that came to their end and were not told of.
    cleared: Sequence[Batch] = ()
    periods: Sequence[PeriodView] = ()
