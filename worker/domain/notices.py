"""Messages to people: what is worth one, what is waiting to be sent, and how the store keeps both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from config.names import NOTICE_KINDS

#: Name of the channel of the whole installation; those of an export are called ``EXPORT:NAME``.
INSTALLATION = "installation"
#: Notices that go into one message; what is left goes into the next.
MOST_IN_MESSAGE = 50
#: The last messages of a channel that are remembered.
MOST_SENT = 100


class Kind(StrEnum):
    """What a notice is about."""

    PERIOD_DONE = "period-done"
    TO_FIX = "to-fix"
    NEW_CAUSE = "new-cause"
    CAUSE_BACK = "cause-back"
    CAUSE_CLEARED = "cause-cleared"
    REFUSED_EVENT = "refused-event"
    PAUSED = "paused"
    RESUMED = "resumed"
    NO_WORKER = "no-worker"
    NO_INTAKE = "no-intake"
    DRIFT = "drift"
    SERIES_GAP = "series-gap"
    ARCHIVE_CHECKPOINT = "archive-checkpoint"


assert tuple(Kind) == NOTICE_KINDS  # noqa: S101  # the settings name them, and cannot import this


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing to tell: facts, no words, so that each channel says it in its own language."""

    kind: Kind
    #: Name of the export; empty: of the installation as a whole.
    export: str
    #: What the words are made of, as JSON: numbers, sums, reason codes, ids; see ``worker.notify.words``.
    facts: Mapping[str, Any] = field(default_factory=dict)
    #: When it was found; seconds since the epoch, UTC.
    at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """A notice for one channel."""

    channel: str
    #: Not to be sent before; seconds since the epoch.
    due_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """Something is the case. It is told once, after it has been the case for ``hold`` seconds."""

    key: str
    hold: float = 0.0
    #: None: it counts as told, or is only remembered.
    notice: Notice | None = None
    #: It counts as told from now on although nobody is told, for example as another notice says it.
    silent: bool = False
    to: Sequence[Addressed] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Over:
    """Something is the case no longer. Only what was told is told to be over."""

    key: str
    notice: Notice | None = None
    to: Sequence[Addressed] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Once:
    """Something has happened: told once, ever."""

    key: str
    #: None: it counts as told.
    notice: Notice | None = None
    to: Sequence[Addressed] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenPeriod:
    """What a period looked like when it was last dealt with."""

    period: str
    #: States, counts and certificate in one word; another one means that it has moved on.
    mark: str


Change = Raised | Over | Once | SeenPeriod


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCondition:
    """Something that is the case, as far as the store knows."""

    key: str
    #: Seconds since the epoch.
    since: float
    #: Seconds for which it has to last before it is told.
    hold: float
    notified: bool
    #: It was told before, was over, and is the case again.
    back: bool

    def ripe(self, now: float) -> bool:
        """Tell whether it is time to look at it again, and to tell it if it is still the case."""
        return not self.notified and now - self.since >= self.hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of the things that are told."""

    #: Nothing was looked at before: what came to its end earlier is nobody's news.
    first: bool
    open: Mapping[str, OpenCondition]
    #: Periods, among the newest, that do not look as when they were dealt with.
    moved: Sequence[SeenPeriod]
    #: Ids of the causes that failed invoices have now.
    causes: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedMessage:
    """A message that this process is to send now; its notices do not change any more, however often it is tried."""

    #: Never used for another message: receivers know a repeat by it.
    id: str
    channel: str
    notices: Sequence[Notice]
    #: How often it was begun before.
    attempts: int
    #: An earlier attempt may have reached the receiver: nobody knows.
    doubtful: bool
    #: Names this claim; a claim that was taken over changes nothing any more.
    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelState:
    """How a channel is."""

    channel: str
    #: Notices that wait, those of a message under way included, and since when the oldest does; 0: none.
    waiting: int = 0
    oldest: float = 0.0
    #: Attempts that failed in a row, since when, why, and when the next one is due.
    failures: int = 0
    failing_since: float = 0.0
    error: str = ""
    next_at: float = 0.0
    #: Messages that were accepted, and the last one's time; 0: none yet.
    sent: int = 0
    last_sent: float = 0.0
