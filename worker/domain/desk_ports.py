"""The store as the page, self-clearing and messages use it: batches, causes, periods by index, the log of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # `status` needs the store without what these deal in
    from worker.domain.action_log import LogEntry, LogFilter
    from worker.domain.batch import Batch, BatchItem, NewBatch
    from worker.domain.causes import Cause, CauseAnswer
    from worker.domain.frozen_set import Choice, CountedInvoices, FrozenSet
    from worker.domain.invoice_search import InvoiceFilter, InvoicePage
    from worker.domain.notices import Change, ChannelState, ClaimedMessage, Known
    from worker.domain.period_sums import PeriodSums

#: Invoices of one batch that are under way at once; a tenth of it while its export has other invoices under way.
WINDOW = 100


class FrozenSetPort(Protocol):
    """Sets of invoices, each with the time of its last transition when it was frozen (0: whatever it is).

    A set is forgotten after an hour, unless it is held or a batch begins with it.
    """

    def counted(self, choice: Choice) -> CountedInvoices:
        """Count what a choice would freeze, without reading it wherever sums are kept."""

    def freeze(self, set_id: str, choice: Choice, *, at: float) -> FrozenSet:
        """Freeze what is chosen and has not moved since ``at``."""

    def freeze_members(self, set_id: str, members: Sequence[tuple[str, float]]) -> FrozenSet:
        """Freeze these. A repeat with the same id and members changes nothing."""

    def hold_frozen(self, set_id: str, *, seconds: float) -> None:
        """Keep a set for so long."""

    def frozen_members(self, set_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        """Return members of a set in its order; -1: all from ``start`` on."""

    def still_frozen(self, set_id: str) -> int:
        """Return how many of a set have not moved since it was frozen."""


class BatchPort(FrozenSetPort, Protocol):
    """Batches as they are kept, for good."""

    def open_batch(self, batch: NewBatch, members: Sequence[tuple[str, float]]) -> None:
        """Freeze the set and start the batch. A repeat with the same id and members changes nothing.

        Each member is an id and the time of its last transition when it was chosen (0: whatever it is); one that has
        moved on since is left alone. Killed in between, nothing is started and nothing has moved.
        """

    def open_frozen(self, batch: NewBatch, set_id: str) -> bool:
        """Start the batch of a frozen set; False, and nothing is started, where that is not there (any more).

        A repeat with the same batch changes nothing.
        """

    def advance_batches(self, *, window: int = WINDOW) -> Sequence[str]:
        """Move the next invoices of every running batch, and note what became of those before.

        Returns the ids of batches that have come to their end now. At most ``window`` invoices of a batch are under
        way at once, and a tenth of it while its export has others under way; none is begun while the export is paused.
        Each invoice is begun once, however often this is called and wherever it was interrupted.
        """

    def batches(self, *, most: int = 100) -> Sequence[Batch]:
        """Return the batches, newest first."""

    def batch(self, batch_id: str) -> Batch | None:
        """Return one batch."""

    def batch_items(self, batch_id: str, *, start: int = 0, most: int = -1) -> Sequence[BatchItem]:
        """Return invoices of a batch with their results, in the order of the set; -1: all from ``start`` on."""

    def export_times(self, export: str, *, most: int = 200) -> Sequence[float]:
        """Return when invoices of an export's latest period were exported, of so many; in no order."""

    def cancel_batch(self, batch_id: str, *, by: str) -> bool:
        """Begin no further invoice of a batch; False when it is not running."""


class CausePort(Protocol):
    """What is known of the causes, and when they are to be asked about."""

    def causes(self) -> Sequence[Cause]:
        """Return the causes of all dead letters, the one with the most money at stake first."""

    def cause(self, cause_id: str) -> Cause | None:
        """Return one cause; None when no dead letter has it."""

    def failed_for(self, cause_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        """Return ids of a cause's dead letters and when each died, oldest first; -1: all from ``start`` on."""

    def causes_due(self, exports: Sequence[str]) -> Sequence[str]:
        """Return the exports, among these, of which a cause, or why it is paused, is to be asked now; each once."""

    def end_causes(self, export: str) -> None:
        """Note that what ``causes_due`` named was asked; without it, it is due again after two minutes."""

    def due_causes(self, export: str) -> Sequence[Cause]:
        """Return the causes of an export that are to be asked now."""

    def note_answer(self, cause_id: str, answer: CauseAnswer, *, again_in: float) -> None:
        """Keep an answer, and let the cause be asked by itself after so many seconds, if any invoice still has it.

        One that is still there lets every invoice of it be queued again by itself when it is gone.
        """

    def clear_cause(self, cause_id: str, batch: NewBatch) -> int:
        """Make a running batch of the cause's dead letters; return how many are in it, 0 for none.

        An invoice that a batch of this kind held before is left out until the cause was found to be still there: an
        answer that was wrong once must not send invoices round for ever.
        """

    def pause_probed(self, export: str, *, again_in: float) -> None:
        """Let the question why an export is paused be asked again after so many seconds, also if it is paused anew."""

    def pause_wait(self, export: str) -> float:
        """Return the seconds last passed to ``pause_probed`` since the last resume, an hour ago at most; 0: never."""


class PeriodIndexPort(Protocol):
    """What is answered about a period without reading all its invoices."""

    def period_sums(self, period_id: str) -> PeriodSums:
        """Return what the period's invoices add up to now; nothing for a period that is not known."""

    def find(self, period_id: str, wanted: InvoiceFilter, *, start: int, count: int) -> InvoicePage:
        """Return so many of a period's invoices that fit, from the ``start``-th on (0: the first), history left out."""

    def gap_numbers(self, period_id: str) -> Sequence[tuple[str, int, int]]:
        """Return the numbers that lie between those of the period's invoices and that no period has brought.

        Each as what stands before the number in an invoice's id, and the first and the last missing number; of more
        than ``MOST_GAPS``, the first ones. One wider than ``WIDEST_GAP`` is given whole: another series, or a mistake.
        """


class ActionLogPort(Protocol):
    """The log of actions, append-only. Most entries are written by the store with what they tell of."""

    def log_action(self, *, who: str, what: str, why: str = "", export: str = "", of: Sequence[str] = ()) -> None:
        """Add an entry for something that is kept elsewhere than in the store."""

    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        """Return the newest entries that fit, newest first; with ``before``, those with a lower place."""


class NoticePort(Protocol):
    """Messages to people in the store: told once, sent once."""

    def known(self) -> Known:
        """Return what is known of everything that is told."""

    def notified_once(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these keys were told by ``Once``."""

    def tell(self, changes: Sequence[Change]) -> None:
        """Apply all changes at once, and lay their notices into the boxes of the channels.

        Any number of processes may come to the same changes: each is told once.
        """

    def claim_message(self, channel: str, *, lease: float) -> ClaimedMessage | None:
        """Take the channel's next message for ``lease`` seconds; None: nothing is due, or another process has it.

        One whose holder vanished comes again, the same, and is ``doubtful``.
        """

    def message_sent(self, message: ClaimedMessage) -> None:
        """Forget a message that the channel has accepted; its notices are not sent again."""

    def message_failed(self, message: ClaimedMessage, *, why: str, again_in: float, doubtful: bool) -> None:
        """Keep a message that was not accepted; the same is tried again after so many seconds.

        ``doubtful``: it may have been accepted all the same.
        """

    def channel_states(self, channels: Sequence[str]) -> Sequence[ChannelState]:
        """Return how these channels are, and any other one in which notices wait."""

    def discard_notices(self, channel: str) -> int:
        """Forget everything that waits in a channel; return how many notices."""
