"""Sets of invoices that a batch is made of, in memory: from all records."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from support.memory_store.tables import KeptSet, Tables
from typing_extensions import override

from worker.domain.causes import cause_id
from worker.domain.desk_ports import FrozenSetPort
from worker.domain.frozen_set import Choice, CountedInvoices, FrozenSet
from worker.domain.invoice_search import fits
from worker.domain.record import InvoiceRecord, State

#: Seconds after which a set is forgotten that nobody has confirmed.
_UNFINISHED = 3600


class MemoryFrozenSets(Tables, FrozenSetPort):
    """See ``FrozenSetPort``."""

    @override
    def counted(self, choice: Choice) -> CountedInvoices:
        with self.lock:
            found = self._chosen(choice)
            return CountedInvoices(invoices=len(found), at_stake=_money(found), at=self.now())

    @override
    def freeze(self, set_id: str, choice: Choice, *, at: float) -> FrozenSet:
        with self.lock:
            found = [record for record in self._chosen(choice) if record.updated_at <= at]
            members = [(record.id, 0.0 if choice.anyway else record.updated_at) for record in found]
            return replace(self.freeze_members(set_id, members), at_stake=_money(found))

    @override
    def freeze_members(self, set_id: str, members: Sequence[tuple[str, float]]) -> FrozenSet:
        with self.lock:
            if members:
                self.frozen.setdefault(set_id, KeptSet(members=tuple(members), until=self.now() + _UNFINISHED))
            digest = ""
            for key, moved_at in members:
                digest = hashlib.sha1(f"{digest}{key} {moved_at!r}".encode(), usedforsecurity=False).hexdigest()
            return FrozenSet(id=set_id, invoices=len(members), at_stake={}, digest=digest)

    @override
    def hold_frozen(self, set_id: str, *, seconds: float) -> None:
        with self.lock:
            if set_id in self.frozen:
                self.frozen[set_id] = replace(self.frozen[set_id], until=self.now() + seconds)

    @override
    def frozen_members(self, set_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        with self.lock:
            kept = self.frozen.get(set_id)
            members = kept.members if kept and self.now() < kept.until else ()
            return list(members[start:] if most < 0 else members[start : start + most])

    @override
    def still_frozen(self, set_id: str) -> int:
        with self.lock:
            members = self.frozen_members(set_id)
            records = {key: entry.record for key, entry in self.entries.items()}
            return sum(key in records and moved_at in {0.0, records[key].updated_at} for key, moved_at in members)

    def _chosen(self, choice: Choice) -> list[InvoiceRecord]:
        wanted = replace(choice.wanted, state=choice.wanted.state or State.DEAD)
        if choice.cause:
            records = [entry.record for entry in self.entries.values() if entry.record.state is State.DEAD]
            records.sort(key=lambda record: (record.updated_at, record.id))
            return [it for it in records if it.failure and cause_id(it.export, it.failure) == choice.cause]
        found = [record for record in self.members(choice.period) if fits(record, wanted)]
        return sorted(found, key=lambda record: (record.invoice_number, record.id))


def _money(records: Sequence[InvoiceRecord]) -> dict[str, Decimal]:
    money: dict[str, Decimal] = {}
    for record in records:
        body = json.loads(record.content)
        money[body["currency"]] = money.get(body["currency"], Decimal()) + abs(Decimal(body["gross"]))
    return dict(sorted(money.items()))
