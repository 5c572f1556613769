"""Self-clearing: causes are asked about with growing pauses, and when one is gone its invoices go on by themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from config.exports import ExportConfig
from config.names import causes_id
from config.settings_sections import SelfClearing
from worker.domain.batch import BatchAction, NewBatch
from worker.domain.causes import Cause, CauseState
from worker.domain.desk_ports import BatchPort, CausePort
from worker.domain.store_port import OperatorPort
from worker.economic.mapping.causes import question
from worker.workflow.probe import Probe

log = structlog.get_logger()

#: The name under which self-clearing stands in histories and batches.
BY_ITSELF = "self-clearing"


class CauseStore(CausePort, BatchPort, OperatorPort, Protocol):
    """What self-clearing needs of the store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseWatch:
    """Asks about the causes of the exports that this process serves."""

    store: CauseStore
    settings: SelfClearing
    exports: Mapping[str, ExportConfig]
    probes: Mapping[str, Probe]
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Returns a name that no other batch has.
    new_name: Callable[[], str]

    def due(self) -> Sequence[tuple[str, str]]:
        """Return (message id, export) of the exports to be asked about now, each once. Raises ``StoreUnavailable``."""
        asked = [name for name, export in self.exports.items() if export.self_clearing != "off"]
        return [(causes_id(name), name) for name in self.store.causes_due(asked)] if asked else []

    def run(self, export: str) -> int:
        """Ask about what is due; return how many invoices go on now. Raises ``StoreUnavailable``."""
        since, queued = self.clock(), 0
        if export in self.store.paused():
            self._look_at_pause(export)
        else:
            queued = sum([self._look_at(cause, since) for cause in self.store.due_causes(export)])
        self.store.end_causes(export)
        return queued

    def _look_at(self, cause: Cause, since: float) -> int:
        failed = next(iter(self.store.failed_for(cause.id, most=1)), None)
        record = self.store.invoice(failed[0]) if failed else None
        if record is None:
            return 0
        answer = self.probes[cause.export].ask(cause, record, since=since)
        gone = answer.state is CauseState.GONE
        self.store.note_answer(
            cause.id, answer, again_in=max(cause.pause, self._first) if gone else self._next(cause.pause)
        )
        log.info(
            "cause_asked", export=cause.export, reason=cause.failure.reason, cause=cause.id, answer=answer.state.value
        )
        if not gone or not self.clears(cause):
            return 0
        order = NewBatch(
            id=f"{cause.export}-batch-{self.new_name()}",
            export=cause.export,
            action=BatchAction.REQUEUE,
            by=BY_ITSELF,
            why=f"gone since {datetime.fromtimestamp(answer.at, UTC):%Y-%m-%d %H:%M:%SZ}",
            cause=cause.failure,
            at_stake=cause.at_stake,
        )
        queued = self.store.clear_cause(cause.id, order)
        if queued:
            log.info(
                "cause_gone",
                export=cause.export,
                reason=cause.failure.reason,
                cause=cause.id,
                invoices_queued=queued,
                batch=order.id,
            )
        return queued

    def clears(self, cause: Cause) -> bool:
        """Tell whether invoices of a cause that is gone go on without a person."""
        mode, asked = self.exports[cause.export].self_clearing, question(cause.failure.reason)
        return mode == "on" or (mode == "set-up" and asked is not None and asked.set_up)

    def _look_at_pause(self, export: str) -> None:
        """Lift a pause for which the tokens were at fault once they are right, unless a person wants to be asked."""
        why = self.probes[export].token_works()
        log.info("pause_asked", export=export, answer="still" if why else "gone", reason=why.reason if why else "")
        again_in = self._next(self.store.pause_wait(export))
        if why is None and self.exports[export].self_clearing in {"set-up", "on"}:
            self.store.resume(export, by=BY_ITSELF, why="the tokens are accepted")
            log.info("export_resumed", export=export, by=BY_ITSELF)
        # Also afterwards: one that is paused again at once is asked about later and later.
        self.store.pause_probed(export, again_in=again_in)

    @property
    def _first(self) -> float:
        return self.settings.first_pause

    def _next(self, pause: float) -> float:
        return min(self.settings.longest_pause, max(self._first, 2 * pause))
