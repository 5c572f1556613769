"""The look at what there is to tell: reads the store, asks ``decide``, and lays what comes of it into the boxes."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from config.notify_section import ChannelSetup
from worker.domain.batch import Batch, BatchState
from worker.domain.causes import Cause, cause_id
from worker.domain.invoice_period import PeriodRecord
from worker.domain.notices import Known, SeenPeriod
from worker.domain.record import State
from worker.domain.signs_of_life import Part, alive
from worker.domain.store_port import Store
from worker.errors import Failure
from worker.intake.queue import EventQueueOperator, refused_events
from worker.notify.decide import Patience, addressed, decide
from worker.notify.situation import (
    MOST_VALUES,
    Group,
    PeriodView,
    Situation,
    at_rest,
    done_key,
    fix_key,
    group_key,
    value_of,
)

#: Who begins the batches of causes that are gone, as ``worker.workflow.cause_watch`` names itself.
_BY_ITSELF = "self-clearing"
#: The newest batches, among which those of self-clearing are found.
_BATCHES = 100


@dataclass(kw_only=True, slots=True)
class NoticeWatch:
    """Looks again and again; any number of processes may do so at once."""

    store: Store
    events: EventQueueOperator
    channels: Sequence[ChannelSetup]
    #: Parts of the installation that should be alive.
    parts: Sequence[Part]
    patience: Patience
    #: Name of the time zone of quiet hours.
    zone: str
    #: Returns the numbers of a period's series that never came and that nobody has explained.
    gaps: Callable[[PeriodRecord], Sequence[tuple[str, int, int]]]
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Cause -> key of its group; neither changes.
    _keys: dict[str, str] = field(default_factory=dict, init=False)

    def turn(self) -> None:
        """Look once, and lay what is new into the boxes. Raises ``StoreUnavailable``."""
        known, now = self.store.known(), self.clock()
        changes = decide(self._situation(known, now), known, self.patience)
        self.store.tell([addressed(change, self.channels, now, self.zone) for change in changes])

    def _situation(self, known: Known, now: float) -> Situation:
        signs = self.store.signs_of_life()
        groups = self._groups(known, now)
        return Situation(
            now=now,
            silent=frozenset(part for part in self.parts if not alive(signs, part)),
            paused=self.store.paused(),
            refused=refused_events(self.events),
            agreements={export: len(found) for export, found in self.store.agreement_failures().items()},
            group_keys=frozenset(self._keys[cause] for cause in known.causes if cause in self._keys),
            groups=groups,
            cleared=self._cleared(),
            periods=[view for seen in self._to_look_at(known, now) if (view := self._period(seen, known))],
        )

    def _groups(self, known: Known, now: float) -> Mapping[str, Group]:
        """Return the groups of all causes when one of them is new, or to be told; else nothing is read."""
        ripe = any(key.startswith("cause:") and each.ripe(now) for key, each in known.open.items())
        if not ripe and known.causes <= self._keys.keys():
            return {}
        causes = self.store.causes()
        self._keys = {cause.id: group_key(cause.export, cause.failure, cause.id) for cause in causes}
        return groups_of(causes)

    def _cleared(self) -> list[Batch]:
        ended = [
            batch
            for batch in self.store.batches(most=_BATCHES)
            if batch.ordered.by == _BY_ITSELF and batch.state is not BatchState.RUNNING and batch.ended_at
        ]
        notified = (
            self.store.notified_once([f"cleared:{batch.ordered.id}" for batch in ended]) if ended else frozenset()
        )
        return [batch for batch in ended if f"cleared:{batch.ordered.id}" not in notified]

    def _to_look_at(self, known: Known, now: float) -> list[SeenPeriod]:
        moved = {seen.period for seen in known.moved}
        timed = [each for each in known.open.values() if each.key.startswith(("rest:", "gap:")) and each.ripe(now)]
        ripe = {each.key.partition(":")[2] for each in timed} - moved
        return [*known.moved, *(SeenPeriod(period=period, mark="") for period in sorted(ripe))]

    def _period(self, seen: SeenPeriod, known: Known) -> PeriodView | None:
        period = self.store.period(seen.period)
        if period is None:
            return None
        if not at_rest(period):
            return PeriodView(period=period, mark=seen.mark, notified=frozenset())
        notified = self.store.notified_once([done_key(period), fix_key(period)])
        return PeriodView(
            period=period,
            mark=seen.mark,
            notified=notified,
            sums=self.store.period_sums(period.id),
            gaps=() if known.first else tuple(self.gaps(period)),
            groups=self._failures(period) if fix_key(period) not in notified and not known.first else (),
        )

    def _failures(self, period: PeriodRecord) -> tuple[Group, ...]:
        """Return why invoices of a period failed; read once in its life."""
        records = self.store.invoices(period.id, State.DEAD) if period.counts.get(State.DEAD) else ()
        failed = ((it.export, it.failure, 1, _worth(it.content)) for it in records if it.failure)
        return tuple(grouped(failed).values())


def groups_of(causes: Iterable[Cause]) -> Mapping[str, Group]:
    """Return causes as they are told, by key."""
    return grouped((cause.export, cause.failure, cause.invoices, cause.at_stake) for cause in causes)


def grouped(failures: Iterable[tuple[str, Failure, int, Mapping[str, Decimal]]]) -> dict[str, Group]:
    """Return failures (export, failure, invoices, gross by currency) as they are told, by key."""
    rows: defaultdict[str, list[tuple[str, Failure, int, Mapping[str, Decimal]]]] = defaultdict(list)
    for row in failures:
        export, failure, *_ = row
        rows[group_key(export, failure, cause_id(export, failure))].append(row)
    return {key: _group(key, found) for key, found in rows.items()}


def _group(key: str, rows: Sequence[tuple[str, Failure, int, Mapping[str, Decimal]]]) -> Group:
    export, failure, *_ = rows[0]
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for *_, at_stake in rows:
        for currency, amount in at_stake.items():
            amounts[currency] += amount
    causes = {cause_id(export, each) for _, each, *_ in rows}
    value = value_of(failure)
    hidden = sorted({each.value for _, each, *_ in rows if each.value and not value})
    return Group(
        key=key,
        export=export,
        reason=failure.reason,
        value=value,
        values=tuple(hidden)[:MOST_VALUES],
        invoices=sum(number for _, _, number, _ in rows),
        at_stake=dict(amounts),
        cause=causes.pop() if len(causes) == 1 else "",
    )


def _worth(content: str) -> dict[str, Decimal]:
    invoice: dict[str, Any] = json.loads(content)
    return {invoice["currency"]: abs(Decimal(invoice["gross"]))}
