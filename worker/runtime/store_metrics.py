"""Figures of the whole installation, read from the store when Prometheus asks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from worker.domain.invoice import Invoice
from worker.domain.period_report import phase_of
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import OperatorPort
from worker.errors import StoreUnavailable
from worker.intake.queue import EventQueueOperator

#: The words of a figure's labels, and its value.
Values = Iterable[tuple[tuple[str, ...], float | Decimal]]
#: Seconds for which figures are kept: several Prometheus servers read the store once.
_FRESH = 10.0
#: Seconds for which what a worker saw of the clocks is a figure.
_LATELY = 300.0


class StoreCollector(Collector):
    """Counts, ages and amounts over all exports; labels are names of exports, states, reasons and currencies."""

    def __init__(
        self,
        store: OperatorPort,
        events: EventQueueOperator,
        *,
        exports: Collection[str],
        queues: Callable[[], Mapping[str, int]],
        clock: Callable[[], float],
    ) -> None:
        """``queues`` returns how many messages wait in each Celery queue; ``clock`` gives seconds since the epoch."""
        self._store = store
        self._events = events
        self._exports = exports
        self._queues = queues
        self._clock = clock
        self._kept: tuple[float, list[Metric]] = (0.0, [])

    @override
    def collect(self) -> Iterator[Metric]:
        now = self._clock()
        at, kept = self._kept
        if now - at >= _FRESH:
            try:
                kept = [*self._read(now), _gauge("store_up", "Whether the store answers", [((), 1.0)])]
            except StoreUnavailable:
                kept = [_gauge("store_up", "Whether the store answers", [((), 0.0)])]
            self._kept = (now, kept)
        yield from kept

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not read the store."""
        return []

    def _read(self, now: float) -> Iterator[Metric]:
        yield _gauge("build_info", "Version of this program", [((version("opter-economic"),), 1.0)], "version")
        yield from self._periods()
        yield from self._dead_letters(now)
        paused = self._store.paused()
        pauses = {
            (name, paused[name].reason if name in paused else ""): float(name in paused) for name in self._exports
        }
        yield _gauge("export_paused", "Whether an export is paused, and why", pauses.items(), "export", "reason")
        found = self._store.agreement_failures()
        differences = {(name,): float(len(found.get(name, ()))) for name in self._exports}
        yield _gauge(
            "agreement_differences", "What the last check of an agreement found", differences.items(), "export"
        )
        yield from self._clocks(now)
        waiting = {("queue",): float(self._events.waiting()), ("refused",): float(len(self._events.dead()))}
        yield _gauge("events_now", "Events on the queue, and refused ones", waiting.items(), "where")
        lengths = {(name,): float(length) for name, length in self._queues().items()}
        yield _gauge("queue_messages", "Messages that wait in a Celery queue", lengths.items(), "queue")

    def _clocks(self, now: float) -> Iterator[Metric]:
        """Yield the widest gaps of each export that workers have seen lately; what nobody has seen is not claimed."""
        gaps: dict[tuple[str, ...], float] = {}
        for reading in self._store.clocks():
            if now - reading.at <= _LATELY:
                for clock, ahead in (("e-conomic", reading.accounting_ahead), ("worker", reading.worker_ahead)):
                    gaps[reading.export, clock] = max(gaps.get((reading.export, clock), 0.0), ahead, key=abs)
        meaning = "Seconds that a clock is ahead of Redis', which decides"
        yield _gauge("clock_ahead_seconds", meaning, gaps.items(), "export", "clock")

    def _periods(self) -> Iterator[Metric]:
        invoices = {(name, state.value): 0.0 for name in self._exports for state in State}
        phases: Counter[tuple[str, ...]] = Counter()
        for period in self._store.periods():
            phases[period.export, phase_of(period, period.counts).name.lower()] += 1
            for state, number in period.counts.items():
                invoices[period.export, state.value] = invoices.get((period.export, state.value), 0.0) + number
        yield _gauge("invoices", "Invoices of all periods by state", invoices.items(), "export", "state")
        yield _gauge("periods", "Periods by how far they have come", phases.items(), "export", "phase")

    def _dead_letters(self, now: float) -> Iterator[Metric]:
        numbers: Counter[tuple[str, ...]] = Counter()
        amounts: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        oldest: dict[tuple[str, ...], float] = {(name,): 0.0 for name in self._exports}
        for record in self._store.invoices(None, State.DEAD):
            numbers[record.export, _reason(record)] += 1
            invoice = Invoice.model_validate_json(record.content)
            amounts[record.export, invoice.currency] += abs(invoice.gross)
            oldest[record.export,] = max(oldest.get((record.export,), 0.0), now - record.updated_at)
        yield _gauge("dead_letters", "Failed invoices by reason", numbers.items(), "export", "reason")
        yield _gauge("dead_letters_amount", "Gross amount of failed invoices", amounts.items(), "export", "currency")
        yield _gauge("oldest_dead_letter_seconds", "Age of the oldest failed invoice", oldest.items(), "export")


def store_registry(collector: StoreCollector) -> CollectorRegistry:
    """Return a registry of these figures alone."""
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def _reason(record: InvoiceRecord) -> str:
    return record.failure.reason if record.failure else ""


def _gauge(name: str, meaning: str, values: Values, *labels: str) -> Metric:
    family = GaugeMetricFamily(f"opter_economic_{name}", meaning, labels=labels)
    for words, value in values:
        family.add_metric(words, float(value))
    return family
