"""What a batch would do, shown before a person confirms it: how many invoices, money, calls and minutes. Pure."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from config.exports import ExportConfig
from config.names import export_of
from worker.domain.batch import BatchAction
from worker.domain.frozen_set import CountedInvoices
from worker.domain.record import InvoiceRecord
from worker.dry_run.plan import cost

#: A pause between two exports longer than this (seconds) is no part of their pace.
_REST = 60.0
#: Exports in a row that tell a pace.
_FEWEST = 10
#: Calls to e-conomic for one invoice once customer and product are known: reads, then writes.
_READS, _WRITES = 1, 2
#: A re-export looks its invoice up and, mostly, finds it.
_LOOKUPS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchPreview:
    """A batch before it is confirmed."""

    action: BatchAction
    export: str
    invoices: int
    #: Currency -> gross of its invoices, credit notes counted by their size.
    at_stake: Mapping[str, Decimal]
    #: The store's time at which they were counted: what has moved since is none of them.
    at: float
    #: Calls to e-conomic, about; 0 where nothing is sent.
    calls: int
    #: Minutes, about.
    minutes: float
    #: Whether the minutes come from the measured pace, rather than from the rate that the agreement allows.
    measured: bool

    @property
    def digest(self) -> str:
        """What a person has seen, as the form brings it back: when it was counted, and a name for what was shown.

        As many invoices, worth as much, of which none has moved since: they are the very ones that were seen.
        """
        money = " ".join(f"{amount} {currency}" for currency, amount in sorted(self.at_stake.items()))
        shown = f"{self.action} {self.export} {self.invoices} {money} {self.at!r}"
        return f"{self.at!r}-{hashlib.sha256(shown.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPreview(BatchPreview):
    """A batch of invoices that are all at hand."""

    #: Ids, and when each last moved: exactly these are frozen at the confirmation.
    members: tuple[tuple[str, float], ...]


def counted_at(digest: str) -> float | None:
    """Return when what a person has seen was counted; None for what no preview has said."""
    read = re.fullmatch(r"([0-9]{1,12}\.[0-9]{1,17})-[0-9a-f]{16}", digest)
    return float(read[1]) if read else None


def preview(
    action: BatchAction, records: Sequence[InvoiceRecord], export: ExportConfig | None, times: Iterable[float]
) -> ListedPreview:
    """Return the preview of a batch of invoices of one export, at least one. See ``preview_of``."""
    at_stake: dict[str, Decimal] = defaultdict(Decimal)
    for record in records:
        body = json.loads(record.content)
        at_stake[body["currency"]] += abs(Decimal(body["gross"]))
    anyway = action is BatchAction.REEXPORT
    members = tuple((record.id, 0.0 if anyway else record.updated_at) for record in records)
    latest = max(record.updated_at for record in records)
    counted = CountedInvoices(invoices=len(records), at_stake=dict(sorted(at_stake.items())), at=latest)
    found = preview_of(action, export_of(members[0][0]), counted, export, times)
    return ListedPreview(members=members, **{field.name: getattr(found, field.name) for field in fields(found)})


def preview_of(
    action: BatchAction, name: str, counted: CountedInvoices, export: ExportConfig | None, times: Iterable[float]
) -> BatchPreview:
    """Return the preview of a batch of so many invoices of the export of this name.

    ``times``: when invoices of the export were last exported (seconds since the epoch), which tells its pace; without
    an entry in the exports file (``export``) nothing can be said about calls.
    """
    number, minutes, calls, measured = counted.invoices, 0.0, 0, False
    if action in {BatchAction.REQUEUE, BatchAction.REEXPORT} and export:
        again = action is BatchAction.REEXPORT
        estimate = cost(number * (_LOOKUPS if again else _READS), 0 if again else number * _WRITES, export.limits)
        pace = measured_pace(times)
        calls, measured = estimate.reads + estimate.writes, pace is not None
        minutes = number / pace if pace else estimate.minutes
    return BatchPreview(
        action=action,
        export=name,
        invoices=number,
        at_stake=counted.at_stake,
        at=counted.at,
        calls=calls,
        minutes=minutes,
        measured=measured,
    )


def measured_pace(times: Iterable[float]) -> float | None:
    """Return invoices a minute over the last run of exports without a rest; None when there were too few."""
    ordered = sorted(times, reverse=True)
    run = ordered[:1]
    for earlier in ordered[1:]:
        if run[-1] - earlier > _REST:
            break
        run.append(earlier)
    if len(run) < _FEWEST:
        return None
    return (len(run) - 1) / max(run[0] - run[-1], 1.0) * 60
