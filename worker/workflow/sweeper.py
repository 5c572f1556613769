"""The sweep: lost, due and abandoned work in the store gets a new message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.names import export_queue, preflight_queue, reconcile_queue
from worker.domain.store_port import Due, SweepPort

#: Invoices published in one turn, so that a turn stays short.
_TURN = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweeper:
    """One turn re-sends lost, due and abandoned work; safe to run in any number of processes at once."""

    store: SweepPort
    #: Names of the exports that this installation serves.
    exports: Sequence[str]
    #: Number of messages waiting in a Celery queue.
    waiting: Callable[[str], int]
    publish: Callable[[Sequence[Due]], None]
    publish_preflight: Callable[[str, str], None]
    #: Returns (period id, export) of periods that are to be read back now; sends such a message.
    reconciles_due: Callable[[], Sequence[tuple[str, str]]] = tuple
    publish_reconcile: Callable[[str, str], None] = lambda *_: None
    #: The same of agreements that are to be checked now; each is returned once.
    agreements_due: Callable[[], Sequence[tuple[str, str]]] = tuple
    publish_agreement: Callable[[str, str], None] = lambda *_: None
    #: The same of the causes of dead letters.
    causes_due: Callable[[], Sequence[tuple[str, str]]] = tuple
    publish_causes: Callable[[str, str], None] = lambda *_: None
    #: The same of completed periods that are to be written short or archived.
    archives_due: Callable[[], Sequence[tuple[str, str]]] = tuple
    publish_archive: Callable[[str, str], None] = lambda *_: None
    #: Takes every batch of moves by hand a step further.
    advance_batches: Callable[[], object] = lambda: None

    def turn(self) -> int:
        """Do one turn; return how many messages were sent. Raises ``StoreUnavailable``."""
        idle = frozenset(export for export in self.exports if not self.waiting(export_queue(export)))
        dues = self.store.sweep(idle_exports=idle, limit=_TURN)
        served = [due for due in dues if due.export in self.exports]
        self.publish(served)
        preflights = self._periods(self.store.periods_due(), preflight_queue, self.publish_preflight)
        reconciles = self._periods(self.reconciles_due(), reconcile_queue, self.publish_reconcile)
        agreements = self.agreements_due()
        for key, export in agreements:
            self.publish_agreement(key, export)
        # Last: whatever may be wrong with a batch, nothing that stands still waits for it.
        self.advance_batches()
        causes = self.causes_due()
        for key, export in causes:
            self.publish_causes(key, export)
        archives = self.archives_due()
        for period, export in archives:
            if export in self.exports:
                self.publish_archive(period, export)
        return len(served) + preflights + reconciles + len(agreements) + len(causes) + len(archives)

    def _periods(
        self,
        due: Sequence[tuple[str, str]],
        queue: Callable[[str], str],
        publish: Callable[[str, str], None],
    ) -> int:
        """Publish the messages of due periods, unless one is waiting already."""
        now = [(period, export) for period, export in due if export in self.exports and not self.waiting(queue(export))]
        for period, export in now:
            publish(period, export)
        return len(now)
