"""News of the periods, a line each time one of them comes to stand differently."""

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from worker.cli.console import printable
from worker.cli.period_report import Phase, phase
from worker.cli.views.periods import PHASE_STYLES
from worker.domain.invoice_period import PeriodRecord
from worker.domain.record import State
from worker.domain.store_port import OperatorPort
from worker.errors import StoreUnavailable


class PeriodNews:
    """Remembers how every period stood, and tells what is new."""

    def __init__(self, store: OperatorPort) -> None:
        self._ledger = store
        self._phases: dict[str, Phase] = {}
        self._paused: frozenset[str] = frozenset()
        self._down = False

    def lines(self) -> list[Text]:
        """Return what has changed since the last call, a Redis that is down included."""
        try:
            periods, paused = self._ledger.periods(), self._ledger.paused()
        except StoreUnavailable as error:
            before, self._down = self._down, True
            return [] if before else [Text(error.failure.description, "bad")]
        self._down = False
        return [*self._period_lines(periods), *self._pauses(paused)]

    def _period_lines(self, periods: Sequence[PeriodRecord]) -> Iterator[Text]:
        for period in reversed(periods):
            stands = phase(period, period.counts)
            if self._phases.get(period.id) != stands:
                self._phases[period.id] = stands
                yield _line(period, stands)

    def _pauses(self, paused: Mapping[str, object]) -> Iterator[Text]:
        before, self._paused = self._paused, frozenset(paused)
        for name in sorted(self._paused - before):
            yield Text(f"Export {name} is paused: see `opter-economic status`.", "bad")
        for name in sorted(before - self._paused):
            yield Text(f"Export {name} goes on.", "good")


def _line(period: PeriodRecord, stands: Phase) -> Text:
    exported, failed = period.counts.get(State.EXPORTED, 0), period.counts.get(State.DEAD, 0)
    numbers = f"  {exported} of {max(period.total, period.invoice_count)} exported"
    return Text.assemble(
        (f"{printable(period.name)}  ", "strong"),
        (stands.value, PHASE_STYLES.get(stands, "wait")),
        (numbers, ""),
        (f", {failed} failed" if failed else "", "bad"),
    )
