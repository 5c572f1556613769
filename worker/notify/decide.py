"""What becomes a message: from what there is and what was told before to the changes. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from config.notify_section import ChannelSetup
from worker.domain.invoice_period import PeriodState, held
from worker.domain.notices import Addressed, Change, Kind, Known, Notice, Once, Over, Raised, SeenPeriod
from worker.domain.period_report import Phase
from worker.domain.period_sums import LEFT_OUT
from worker.domain.record import Outcome, State
from worker.domain.signs_of_life import Part
from worker.notify.quiet import due_at
from worker.notify.situation import MOST_GROUPS, Group, PeriodView, Situation, value_of

#: Ids and gaps that one notice names.
_MOST_NAMED = 5
_OF_PART = {Part.WORKER: Kind.NO_WORKER, Part.INTAKE: Kind.NO_INTAKE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long something has to last before it is told; seconds."""

    #: Causes gather, and a process may just be started anew.
    gather: float
    #: A certificate is on its way, and so may be the invoice that fills a gap.
    wait: float
    #: Whether certificates come by themselves.
    certificates: bool


def decide(found: Situation, known: Known, patience: Patience) -> list[Change]:
    """Return every change, nobody addressed yet."""
    changes: list[Change] = []
    changes += _processes(found, known, patience)
    changes += _pauses(found, known)
    changes += _refused(found, known)
    changes += _agreements(found, known)
    changes += _causes(found, known, patience)
    changes += _cleared(found, known)
    for view in found.periods:
        changes += _period(view, known, patience, found.now)
    return [_at(change, found.now) for change in changes]


def addressed(change: Change, channels: Sequence[ChannelSetup], now: float, zone: str) -> Change:
    """Return the change with the channels that want its notice, each with the time from which it may be sent."""
    if isinstance(change, SeenPeriod) or change.notice is None:
        return change
    notice = change.notice
    wanting = [
        channel
        for channel in channels
        if notice.kind.value in channel.kinds and (not channel.export or notice.export in ("", channel.export))
    ]
    to = [Addressed(channel=each.id, due_at=due_at(now, notice.kind, each, zone)) for each in wanting]
    return replace(change, to=to)


def _at(change: Change, now: float) -> Change:
    if isinstance(change, SeenPeriod) or change.notice is None:
        return change
    return replace(change, notice=replace(change.notice, at=now))


def _gone(known: Known, before: str, present: Iterable[str]) -> Iterator[str]:
    """Yield the keys of a kind that are open, and not the case any more."""
    here = set(present)
    yield from sorted(key for key in known.open if key.startswith(before) and key not in here)


def _processes(found: Situation, known: Known, patience: Patience) -> Iterator[Change]:
    for part, kind in _OF_PART.items():
        key = f"silent:{part.value}"
        if part in found.silent:
            yield Raised(key=key, hold=patience.gather, notice=Notice(kind=kind, export=""))
        elif key in known.open:
            yield Over(key=key, notice=Notice(kind=Kind.RESUMED, export="", facts={"part": part.value}))


def _pauses(found: Situation, known: Known) -> Iterator[Change]:
    for export, why in sorted(found.paused.items()):
        notice = Notice(kind=Kind.PAUSED, export=export, facts={"reason": why.reason})
        yield Raised(key=f"paused:{export}", notice=notice)
    for key in _gone(known, "paused:", (f"paused:{export}" for export in found.paused)):
        yield Over(key=key, notice=Notice(kind=Kind.RESUMED, export=key.partition(":")[2]))


def _refused(found: Situation, known: Known) -> Iterator[Change]:
    """Tell of new ones in one notice an export: a sender that is broken refuses hundreds."""
    new = [event for event in found.refused if f"event:{event.id}" not in known.open]
    for export in sorted({event.export for event in new}):
        own = [event for event in new if event.export == export]
        reasons = dict(Counter(event.reason.value for event in own).most_common())
        facts = {"events": len(own), "reasons": reasons, "periods": sorted({it.period for it in own if it.period})}
        facts["periods"] = facts["periods"][:_MOST_NAMED]  # type: ignore[index]  # a list, by the line above
        notice = Notice(kind=Kind.REFUSED_EVENT, export=export, facts=facts)
        for nth, event in enumerate(own):
            yield Raised(key=f"event:{event.id}", notice=None if nth else notice, silent=bool(nth))
    for key in _gone(known, "event:", (f"event:{event.id}" for event in found.refused)):
        yield Over(key=key)


def _agreements(found: Situation, known: Known) -> Iterator[Change]:
    for export, wrong in sorted(found.agreements.items()):
        yield Raised(
            key=f"agreement:{export}",
            notice=Notice(kind=Kind.DRIFT, export=export, facts={"agreement": wrong}),
        )
    for key in _gone(known, "agreement:", (f"agreement:{export}" for export in found.agreements)):
        yield Over(key=key)


def _causes(found: Situation, known: Known, patience: Patience) -> Iterator[Change]:
    """Tell of a cause once it has lasted, with all invoices that have failed for it by then."""
    for key in sorted(found.group_keys):
        was, group = known.open.get(key), found.groups.get(key)
        if was is None:
            yield Raised(key=key, hold=patience.gather)
        elif was.ripe(found.now) and group is not None:
            kind = Kind.CAUSE_BACK if was.back else Kind.NEW_CAUSE
            yield Raised(key=key, hold=was.hold, notice=Notice(kind=kind, export=group.export, facts=group.facts()))
    for key in _gone(known, "cause:", found.group_keys):
        yield Over(key=key)


def _cleared(found: Situation, known: Known) -> Iterator[Change]:
    for batch in found.cleared:
        cause = batch.ordered.cause
        facts: dict[str, Any] = {"invoices": batch.total, "exported": batch.exported, "failed": batch.failed}
        facts |= {"reason": cause.reason if cause else "", "value": value_of(cause) if cause else ""}
        notice = Notice(kind=Kind.CAUSE_CLEARED, export=batch.ordered.export, facts=facts)
        yield Once(key=f"cleared:{batch.ordered.id}", notice=None if known.first else notice)


def _period(view: PeriodView, known: Known, patience: Patience, now: float) -> Iterator[Change]:
    rest, drift, gap = (f"{kind}:{view.period.id}" for kind in ("rest", "drift", "gap"))
    if view.mark:
        yield SeenPeriod(period=view.period.id, mark=view.mark)
    if not view.period.total:
        return  # nothing of it is here: it is being taken in, or has left for the archive
    if not view.at_rest:
        yield Over(key=rest)
        yield Over(key=gap)
        return
    waited = rest in known.open and known.open[rest].ripe(now)
    if patience.certificates and not known.first and not _read_back(view) and not waited:
        yield Raised(key=rest, hold=patience.wait)
        return
    yield Over(key=rest)
    yield from _digest(view, first=known.first)
    differs = view.period.state is PeriodState.DIFFERS
    if differs:
        # The digest says so, if it is told now.
        before = not known.first and bool(view.notified & {view.done_key, view.fix_key})
        yield Raised(key=drift, silent=not before, notice=_drift(view) if before else None)
    else:
        yield Over(key=drift)
    if view.gaps:
        yield Raised(key=gap, hold=patience.wait, silent=known.first, notice=None if known.first else _gap(view))
    else:
        yield Over(key=gap)


def _digest(view: PeriodView, *, first: bool) -> Iterator[Change]:
    """Tell of a period once that it is done, and once that something of it is to be fixed."""
    if view.phase is Phase.DONE:
        yield Once(key=view.done_key, notice=None if first else _notice(Kind.PERIOD_DONE, view))
    elif view.phase is Phase.NEEDS_A_PERSON or view.done_key not in view.notified:
        yield Once(key=view.fix_key, notice=None if first else _notice(Kind.TO_FIX, view))


def _read_back(view: PeriodView) -> bool:
    """Tell whether the certificate was read after the last invoice had come to its end."""
    certificate, sums = view.period.certificate, view.sums
    if certificate is None or sums is None or not certificate.complete:
        return False
    # A certificate says its second alone.
    return datetime.fromisoformat(certificate.at).timestamp() >= int(sums.last_activity)


def _notice(kind: Kind, view: PeriodView) -> Notice:
    period, sums = view.period, view.sums
    assert sums is not None  # noqa: S101  # a period at rest has them; mypy cannot know
    facts = _of_period(view) | {
        "exported": period.counts.get(State.EXPORTED, 0),
        "by_hand": sums.outcomes.get(Outcome.BY_HAND, 0),
        "left_out": sum(sums.outcomes.get(outcome, 0) for outcome in LEFT_OUT),
        "failed": period.counts.get(State.DEAD, 0),
        "conflicts": len(period.conflicts),
        "missing": period.missing,
        "reported": {currency: str(amounts.done) for currency, amounts in sums.currencies.items()},
        "groups": [group.facts() for group in _gravest(view.groups)[:MOST_GROUPS]],
        "more_groups": max(0, len(view.groups) - MOST_GROUPS),
    }
    return Notice(kind=kind, export=period.export, facts=facts)


def _of_period(view: PeriodView) -> dict[str, Any]:
    period, certificate = view.period, view.period.certificate
    read = None
    if certificate and _read_back(view):
        books = {currency: [number, str(gross)] for currency, (number, gross) in held(certificate).items()}
        read = {"at": certificate.at, "books": books, "differences": certificate.open_differences}
    return {"period": period.id, "name": period.name, "invoices": period.total, "certificate": read}


def _gravest(groups: Sequence[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-max(group.at_stake.values(), default=0), group.key))


def _drift(view: PeriodView) -> Notice:
    certificate = view.period.certificate
    facts = {"period": view.period.id, "name": view.period.name}
    return Notice(
        kind=Kind.DRIFT,
        export=view.period.export,
        facts=facts | {"differences": certificate.open_differences if certificate else 0},
    )


def _gap(view: PeriodView) -> Notice:
    numbers = sum(last - first + 1 for _, first, last in view.gaps)
    shown = [[first, last] for _, first, last in view.gaps[:_MOST_NAMED]]
    facts = {"period": view.period.id, "name": view.period.name, "numbers": numbers, "gaps": shown}
    return Notice(kind=Kind.SERIES_GAP, export=view.period.export, facts=facts | {"more": len(view.gaps) > _MOST_NAMED})
