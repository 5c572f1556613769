"""Causes and batches as one person sees them: what belongs to other exports is not there."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from typing_extensions import override

from config.names import export_of
from worker.domain.access import Action, Rights
from worker.domain.batch import Batch, BatchAction, BatchItem, NewBatch
from worker.domain.causes import Cause, CauseAnswer
from worker.domain.desk_ports import FrozenSetPort
from worker.domain.frozen_set import Choice, CountedInvoices, FrozenSet

#: What a person must be allowed to do for each kind of batch.
NEEDS: Mapping[BatchAction, Action] = {
    BatchAction.REQUEUE: Action.REQUEUE,
    BatchAction.REEXPORT: Action.REEXPORT,
    BatchAction.MARK_EXPORTED: Action.MARK_EXPORTED,
    BatchAction.DISCARD: Action.MARK_EXPORTED,
}


class Causes(Protocol):
    """Causes as pages need them; see ``CausePort``."""

    def causes(self) -> Sequence[Cause]:
        """Return the causes of all dead letters, the one with the most money at stake first."""

    def cause(self, cause_id: str) -> Cause | None:
        """Return one cause; None when no dead letter has it."""

    def failed_for(self, cause_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        """Return ids of a cause's dead letters and when each died, oldest first; -1: all from ``start`` on."""

    def note_answer(self, cause_id: str, answer: CauseAnswer, *, again_in: float) -> None:
        """Keep an answer, and let the cause be asked about by itself after so many seconds."""


class Batches(FrozenSetPort, Protocol):
    """Batches as pages need them; see ``BatchPort``."""

    def open_frozen(self, batch: NewBatch, set_id: str) -> bool:
        """Start the batch of a frozen set; False where that is not there (any more)."""

    def advance_batches(self) -> Sequence[str]:
        """Take every running batch a step further."""

    def batches(self, *, most: int = 100) -> Sequence[Batch]:
        """Return the batches, newest first."""

    def batch(self, batch_id: str) -> Batch | None:
        """Return one batch."""

    def batch_items(self, batch_id: str, *, start: int = 0, most: int = -1) -> Sequence[BatchItem]:
        """Return invoices of a batch with their results, in the order of the set."""

    def export_times(self, export: str, *, most: int = 200) -> Sequence[float]:
        """Return when invoices of an export's latest period were exported."""

    def cancel_batch(self, batch_id: str, *, by: str) -> bool:
        """Begin no further invoice of a batch; False when it is not running."""


class ScopedCauses(Causes):
    """See ``Causes``."""

    def __init__(self, causes: Causes, rights: Rights) -> None:
        self._causes = causes
        self._rights = rights

    @override
    def causes(self) -> Sequence[Cause]:
        return [cause for cause in self._causes.causes() if self._rights.may(Action.SEE, cause.export)]

    @override
    def cause(self, cause_id: str) -> Cause | None:
        found = self._causes.cause(cause_id)
        return found if found and self._rights.may(Action.SEE, found.export) else None

    @override
    def failed_for(self, cause_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        return self._causes.failed_for(cause_id, start=start, most=most) if self.cause(cause_id) else []

    @override
    def note_answer(self, cause_id: str, answer: CauseAnswer, *, again_in: float) -> None:
        found = self.cause(cause_id)
        if found:
            self._rights.require(Action.CHECK, found.export)
            self._causes.note_answer(cause_id, answer, again_in=again_in)


class ScopedBatches(Batches):
    """See ``Batches``. A set belongs to the export that its id begins with, and holds none of another."""

    def __init__(self, batches: Batches, causes: Causes, rights: Rights) -> None:
        """``causes`` are those that this person sees."""
        self._batches = batches
        self._causes = causes
        self._rights = rights

    @override
    def counted(self, choice: Choice) -> CountedInvoices:
        if not self._sees(choice):
            return CountedInvoices(invoices=0, at_stake={})
        return self._batches.counted(choice)

    @override
    def freeze(self, set_id: str, choice: Choice, *, at: float) -> FrozenSet:
        self._rights.require(Action.SEE, export_of(set_id))
        if not self._sees(choice) or choice.export != export_of(set_id):
            return FrozenSet(id=set_id, invoices=0, at_stake={}, digest="")
        return self._batches.freeze(set_id, choice, at=at)

    @override
    def freeze_members(self, set_id: str, members: Sequence[tuple[str, float]]) -> FrozenSet:
        for export in {export_of(set_id), *(export_of(key) for key, _ in members)}:
            self._rights.require(Action.SEE, export)
        return self._batches.freeze_members(set_id, [it for it in members if export_of(it[0]) == export_of(set_id)])

    @override
    def hold_frozen(self, set_id: str, *, seconds: float) -> None:
        self._rights.require(Action.SEE, export_of(set_id))
        self._batches.hold_frozen(set_id, seconds=seconds)

    @override
    def frozen_members(self, set_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        seen = self._rights.may(Action.SEE, export_of(set_id))
        return self._batches.frozen_members(set_id, start=start, most=most) if seen else []

    @override
    def still_frozen(self, set_id: str) -> int:
        return self._batches.still_frozen(set_id) if self._rights.may(Action.SEE, export_of(set_id)) else 0

    @override
    def open_frozen(self, batch: NewBatch, set_id: str) -> bool:
        for export in {batch.export, export_of(set_id)}:
            self._rights.require(NEEDS[batch.action], export)
        return self._batches.open_frozen(batch, set_id)

    def _sees(self, choice: Choice) -> bool:
        """Tell whether a choice is of one export alone, which this person sees."""
        found = self._causes.cause(choice.cause) if choice.cause else None
        of = found.export if found else export_of(choice.period)
        return of == choice.export and self._rights.may(Action.SEE, of)

    @override
    def advance_batches(self) -> Sequence[str]:
        return [key for key in self._batches.advance_batches() if self._rights.may(Action.SEE, export_of(key))]

    @override
    def batches(self, *, most: int = 100) -> Sequence[Batch]:
        return [each for each in self._batches.batches(most=most) if self._rights.may(Action.SEE, each.ordered.export)]

    @override
    def batch(self, batch_id: str) -> Batch | None:
        found = self._batches.batch(batch_id)
        return found if found and self._rights.may(Action.SEE, found.ordered.export) else None

    @override
    def batch_items(self, batch_id: str, *, start: int = 0, most: int = -1) -> Sequence[BatchItem]:
        return self._batches.batch_items(batch_id, start=start, most=most) if self.batch(batch_id) else []

    @override
    def export_times(self, export: str, *, most: int = 200) -> Sequence[float]:
        return self._batches.export_times(export, most=most) if self._rights.may(Action.SEE, export) else []

    @override
    def cancel_batch(self, batch_id: str, *, by: str) -> bool:
        found = self.batch(batch_id)
        if found is None:
            return False
        self._rights.require(NEEDS[found.ordered.action], found.ordered.export)
        return self._batches.cancel_batch(batch_id, by=by)
