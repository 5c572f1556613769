"""Figures of the whole installation, read from the store when Prometheus asks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from worker.domain.invoice import Invoice
from worker.domain.invoice_period import PeriodRecord
from worker.domain.notices import ChannelState
from worker.domain.period_report import phase_of
from worker.domain.period_sums import PeriodSums
from worker.domain.ports import AgreementRate
from worker.domain.record import InvoiceRecord, State
from worker.domain.signs_of_life import Part
from worker.domain.store_port import OperatorPort
from worker.errors import BrokerUnavailable, StoreUnavailable
from worker.intake.queue import EventQueueOperator

#: The words of a figure's labels, and its value.
Values = Iterable[tuple[tuple[str, ...], float | Decimal]]
#: Seconds for which figures are kept: several Prometheus servers read the store once.
_FRESH = 10.0
#: Seconds for which what a worker saw of the clocks is a figure.
_LATELY = 300.0
#: States of an invoice that workers still have to do with.
_TO_BE_EXPORTED = (State.RECEIVED, State.QUEUED, State.EXPORTING, State.WAITING)


@dataclass(kw_only=True, eq=False)
class StoreCollector(Collector):
    """Counts, ages and amounts over all exports; labels are names of exports, states, reasons and currencies."""

    store: OperatorPort
    events: EventQueueOperator
    exports: Collection[str]
    #: Returns how many messages wait in each Celery queue.
    queues: Callable[[], Mapping[str, int]]
    #: Returns the version of the store's schema.
    schema: Callable[[], int]
    #: Returns what workers know of each export's agreement.
    rates: Callable[[], Mapping[str, AgreementRate | None]]
    #: Returns what the invoices of a period add up to.
    sums: Callable[[str], PeriodSums]
    #: Returns how the channels are by which people are told.
    channels: Callable[[], Sequence[ChannelState]] = tuple
    #: Names of the stores that exports name, and of stores that did not answer lately.
    named: Sequence[str] = ()
    away: Callable[[], Sequence[str]] = tuple
    #: Gives seconds since the epoch.
    clock: Callable[[], float]
    _kept: tuple[float, list[Metric]] = field(default=(0.0, []), init=False)

    @override
    def collect(self) -> Iterator[Metric]:
        now = self.clock()
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
        yield _gauge("store_schema", "Version of what the store keeps", [((), float(self.schema()))])
        yield _gauge("build_info", "Version of this program", [((version("opter-economic"),), 1.0)], "version")
        periods = self.store.periods()
        yield from self._periods(periods, now)
        yield from self._under_way(periods)
        yield from self._archived()
        yield from self._dead_letters(now)
        paused = self.store.paused()
        pauses = {(name, paused[name].reason if name in paused else ""): float(name in paused) for name in self.exports}
        yield _gauge("export_paused", "Whether an export is paused, and why", pauses.items(), "export", "reason")
        found = self.store.agreement_failures()
        differences = {(name,): float(len(found.get(name, ()))) for name in self.exports}
        yield _gauge(
            "agreement_differences", "What the last check of an agreement found", differences.items(), "export"
        )
        yield from self._folders()
        yield from self._channels()
        yield from self._clocks(now)
        yield from self._agreement_rates()
        waiting = {("queue",): float(self.events.waiting()), ("refused",): float(len(self.events.dead()))}
        yield _gauge("events_now", "Events on the queue, and refused ones", waiting.items(), "where")
        yield from self._queues()
        away = self.away()
        up = {(name,): float(name not in away) for name in self.named}
        yield _gauge("named_store_up", "Whether a store that exports name answers", up.items(), "store")

    def _archived(self) -> Iterator[Metric]:
        """Yield what has left for the archive: kept counts, so that what lies there is never read for a figure."""
        kept = self.store.archived_totals()
        names = sorted({*self.exports, *kept})
        periods = {(name,): float(kept[name].periods if name in kept else 0) for name in names}
        invoices = {(name,): float(kept[name].invoices if name in kept else 0) for name in names}
        yield _gauge("archived_periods", "Periods in the archive", periods.items(), "export")
        yield _gauge("archived_invoices", "Invoices of the periods in the archive", invoices.items(), "export")

    def _queues(self) -> Iterator[Metric]:
        """Yield the lengths of the queues; a broker of its own may be away while the store answers."""
        try:
            lengths = {(name,): float(length) for name, length in self.queues().items()}
        except BrokerUnavailable:
            lengths = None
        yield _gauge("broker_up", "Whether the broker of Celery's messages answers", [((), float(lengths is not None))])
        if lengths is not None:
            yield _gauge("queue_messages", "Messages that wait in a Celery queue", lengths.items(), "queue")

    def _folders(self) -> Iterator[Metric]:
        """Yield how many folders and servers of each export the watcher cannot use."""
        faults = {(name,): 0.0 for name in self.exports}
        for sign in self.store.signs_of_life():
            if sign.part is Part.FOLDER_FAULT and sign.alive:
                export = sign.name.partition(": ")[0]
                faults[export,] = faults.get((export,), 0.0) + 1.0
        meaning = "Watched folders and SFTP servers that cannot be used"
        yield _gauge("folder_faults", meaning, faults.items(), "export")

    def _channels(self) -> Iterator[Metric]:
        """Yield how many attempts at each channel failed in a row, and what waits there."""
        states = self.channels()
        failures = {(state.channel,): float(state.failures) for state in states}
        yield _gauge("channel_failures", "Attempts to tell people that failed in a row", failures.items(), "channel")
        waiting = {(state.channel,): float(state.waiting) for state in states}
        yield _gauge("notices_waiting", "Notices to people that are not sent yet", waiting.items(), "channel")

    def _clocks(self, now: float) -> Iterator[Metric]:
        """Yield the widest gaps of each export that workers have seen lately; what nobody has seen is not claimed."""
        gaps: dict[tuple[str, ...], float] = {}
        for reading in self.store.clocks():
            if now - reading.at <= _LATELY:
                for clock, ahead in (("e-conomic", reading.accounting_ahead), ("worker", reading.worker_ahead)):
                    gaps[reading.export, clock] = max(gaps.get((reading.export, clock), 0.0), ahead, key=abs)
        meaning = "Seconds that a clock is ahead of Redis', which decides"
        yield _gauge("clock_ahead_seconds", meaning, gaps.items(), "export", "clock")

    def _agreement_rates(self) -> Iterator[Metric]:
        """Yield the rate of calls of each export that called lately: what is granted bounds what workers can do."""
        known = {(name,): rate for name, rate in self.rates().items() if rate}
        granted = {name: rate.granted for name, rate in known.items()}
        spent = {name: rate.spent for name, rate in known.items()}
        failures = {name: float(rate.failed_in_a_row) for name, rate in known.items()}
        yield _gauge("granted_tokens", "Rate tokens granted for 60 seconds", granted.items(), "export")
        yield _gauge("spent_tokens", "Rate tokens spent in the last 60 seconds", spent.items(), "export")
        yield _gauge("failed_calls_in_a_row", "Calls that failed since the last answer", failures.items(), "export")

    def _under_way(self, periods: Iterable[PeriodRecord]) -> Iterator[Metric]:
        """Yield what periods under way add up to; those that have come to their end are not asked for."""
        waiting: Counter[tuple[str, ...]] = Counter()
        amounts: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for period in periods:
            if _is_under_way(period):
                sums = self.sums(period.id)
                waiting.update({(period.export, reason): number for reason, number in sums.waiting.items()})
                for currency, each in sums.currencies.items():
                    there = each.done - each.difference + each.left_out + each.by_hand
                    amounts[period.export, currency] += each.gross - there
        yield _gauge("waiting", "Invoices that wait, by reason", waiting.items(), "export", "reason")
        meaning = "Gross amount of the invoices of periods under way that have not come to their end"
        yield _gauge("amount_under_way", meaning, amounts.items(), "export", "currency")

    def _periods(self, periods: Iterable[PeriodRecord], now: float) -> Iterator[Metric]:
        invoices = {(name, state.value): 0.0 for name in self.exports for state in State}
        phases: Counter[tuple[str, ...]] = Counter()
        oldest: dict[tuple[str, ...], float] = {(name,): 0.0 for name in self.exports}
        differences: dict[tuple[str, ...], float] = {(name,): 0.0 for name in self.exports}
        for period in periods:
            export = (period.export,)
            if _is_under_way(period):
                oldest[export] = max(oldest.get(export, 0.0), now - period.received_at)
            if period.certificate:
                differences[export] = differences.get(export, 0.0) + period.certificate.open_differences
            phases[period.export, phase_of(period, period.counts).name.lower()] += 1
            for state, number in period.counts.items():
                invoices[period.export, state.value] = invoices.get((period.export, state.value), 0.0) + number
        yield _gauge("invoices", "Invoices of all periods by state", invoices.items(), "export", "state")
        yield _gauge("periods", "Periods by how far they have come", phases.items(), "export", "phase")
        meaning = "Age of the oldest period with invoices to be exported"
        yield _gauge("oldest_waiting_period_seconds", meaning, oldest.items(), "export")
        meaning = "Differences between Opter and e-conomic that the last certificates left to a person"
        yield _gauge("certificate_differences", meaning, differences.items(), "export")

    def _dead_letters(self, now: float) -> Iterator[Metric]:
        numbers: Counter[tuple[str, ...]] = Counter()
        amounts: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        oldest: dict[tuple[str, ...], float] = {(name,): 0.0 for name in self.exports}
        for record in self.store.invoices(None, State.DEAD):
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


def _is_under_way(period: PeriodRecord) -> bool:
    return any(period.counts.get(state) for state in _TO_BE_EXPORTED)


def _reason(record: InvoiceRecord) -> str:
    return record.failure.reason if record.failure else ""


def _gauge(name: str, meaning: str, values: Values, *labels: str) -> Metric:
    family = GaugeMetricFamily(f"opter_economic_{name}", meaning, labels=labels)
    for words, value in values:
        family.add_metric(words, float(value))
    return family
