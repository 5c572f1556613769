"""The operator's view on Redis."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from typing_extensions import override

from worker.domain.invoice_period import PeriodRecord
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.domain.store_port import OperatorPort
from worker.errors import Failure
from worker.store import serialization
from worker.store.connection import StoreConnection, mapping, text, texts, token
from worker.store.serialization import invoice_record, period_record

#: Records fetched in one trip.
PAGE = 200


class RedisReading(StoreConnection):
    """What several rooms read."""

    def members(self, period_id: str, state: State | None) -> Iterator[InvoiceRecord]:
        """Yield a period's invoices, history left out, in invoice number order."""
        return self.records(texts(self.ask(["ZRANGE", self.key("members", period_id), 0, -1])[0]), state)

    def records(self, invoice_ids: Sequence[str], state: State | None) -> Iterator[InvoiceRecord]:
        """Yield these invoices in this order, history left out; those in another state are passed over."""
        for start in range(0, len(invoice_ids), PAGE):
            page = invoice_ids[start : start + PAGE]
            wanted = page if state is None else self._in_state(page, state)
            answers = self.ask(*(["HGETALL", self.key("invoice", one)] for one in wanted))
            found = [invoice_record(one, mapping(answer)) for one, answer in zip(wanted, answers, strict=True)]
            yield from (record for record in found if state in (None, record.state))

    def _in_state(self, invoice_ids: Sequence[str], state: State) -> list[str]:
        states = self.ask(*(["HGET", self.key("invoice", one), "state"] for one in invoice_ids))
        return [one for one, found in zip(invoice_ids, states, strict=True) if text(found) == state]


class RedisPlan(StoreConnection):
    """See ``PlanPort``."""

    def shared_number(self, key: str) -> str | None:
        """See ``PlanPort``."""
        (number,) = self.ask(["HGET", self.key("shared", key), "number"])
        return text(number) or None

    def pinned(self, export: str) -> int | None:
        """See ``PlanPort``."""
        (agreement,) = self.ask(["HGET", self.key("pins"), export])
        return None if agreement is None else int(agreement)


class RedisOperator(RedisReading, OperatorPort):
    """See ``OperatorPort``."""

    @override
    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        found, history = self.ask(
            ["HGETALL", self.key("invoice", invoice_id)], ["LRANGE", self.key("history", invoice_id), 0, -1]
        )
        return invoice_record(invoice_id, mapping(found), history) if found else None

    @override
    def period(self, period_id: str) -> PeriodRecord | None:
        return next(self._periods([period_id]), None)

    @override
    def periods(self) -> Sequence[PeriodRecord]:
        return list(self._periods(self._period_ids()))

    @override
    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        if period_id is not None:
            return self.members(period_id, state)
        if state is State.DEAD:
            return self.records(texts(self.ask(["ZRANGE", self.key("dead"), 0, -1])[0]), state)
        return self._all(state)

    @override
    def requeue(self, invoice_ids: Sequence[str], *, by: str) -> Sequence[str]:
        moved: list[str] = []
        for start in range(0, len(invoice_ids), PAGE):
            moved += texts(self.run("requeue", token(), by, *invoice_ids[start : start + PAGE]))[1:]
        return moved

    @override
    def reexport(self, invoice_ids: Sequence[str], *, by: str, by_hand: bool = False) -> Sequence[str]:
        stays = "" if by_hand else Outcome.BY_HAND
        moved: list[str] = []
        for start in range(0, len(invoice_ids), PAGE):
            moved += texts(self.run("reexport", token(), by, stays, *invoice_ids[start : start + PAGE]))[1:]
        return moved

    @override
    def mark_exported(self, invoice_id: str, *, by: str, why: str) -> bool:
        return texts(self.run("mark_exported", token(), invoice_id, Outcome.BY_HAND, f"{by}: {why}")) == ["ok"]

    @override
    def paused(self) -> Mapping[str, Failure]:
        found = mapping(self.ask(["HGETALL", self.key("paused")])[0])
        return {export: why for export, text in found.items() if (why := serialization.load_failure(text))}

    @override
    def resume(self, export: str) -> bool:
        return texts(self.run("resume", token(), export)) == ["ok"]

    def _period_ids(self) -> list[str]:
        return texts(self.ask(["ZREVRANGE", self.key("periods"), 0, -1])[0])

    def _periods(self, period_ids: Sequence[str]) -> Iterator[PeriodRecord]:
        for period_id in period_ids:
            answers = self.ask(
                ["HGETALL", self.key("period", period_id)],
                ["LRANGE", self.key("period-events", period_id), 0, -1],
                ["HGETALL", self.key("counts", period_id)],
                ["HGETALL", self.key("conflicts", period_id)],
            )
            if answers[0]:
                yield period_record(answers)

    def _all(self, state: State | None) -> Iterator[InvoiceRecord]:
        seen: set[str] = set()
        for period_id in self._period_ids():
            for record in self.members(period_id, state):
                if record.id not in seen:
                    seen.add(record.id)
                    yield record
