"""What operators and plans read on Redis, and the moves that operators make by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from typing_extensions import override

from worker.domain.clocks import ClockReading
from worker.domain.invoice_period import ArchivedTotals, PeriodRecord
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.domain.store_port import OperatorPort
from worker.errors import Failure
from worker.store import records
from worker.store.connection import StoreConnection, Word, mapping, pairs, text, texts, token

#: Invoices read or moved in one trip.
_PAGE = 200
#: The score of a period's member holds its invoice number below this, as in ``lua/common.lua``.
NUMBERS = 10**10
#: Commands that read one period.
_PER_PERIOD = 4


class RedisReading(StoreConnection):
    """Invoices of a period, page by page; history left out."""

    def member_ids(self, period_id: str) -> list[str]:
        """Return the ids of a period's invoices in invoice number order."""
        [answer] = self.ask(["ZRANGE", self.key("members", period_id), 0, -1, "WITHSCORES"])
        # The score begins with the state, see ``period_index``; within one state the order is kept.
        return [member for member, _ in sorted(pairs(answer), key=lambda pair: pair[1] % NUMBERS)]

    def records(self, invoice_ids: Sequence[str], state: State | None = None) -> Iterator[InvoiceRecord]:
        """Yield these invoices in this order, those in another state passed over."""
        for start in range(0, len(invoice_ids), _PAGE):
            page = invoice_ids[start : start + _PAGE]
            wanted = page if state is None else self._in_state(page, state)
            answers = self.ask(*(["HGETALL", self.key("invoice", invoice_id)] for invoice_id in wanted))
            gone = [invoice_id for invoice_id, answer in zip(wanted, answers, strict=True) if not answer]
            elsewhere = self.archived_invoices(gone) if gone else {}
            for invoice_id, answer in zip(wanted, answers, strict=True):
                record = records.invoice_record(invoice_id, mapping(answer)) if answer else elsewhere.get(invoice_id)
                if record and state in (None, record.state):  # it may have moved on since its state was read
                    yield record

    def archived_invoices(self, invoice_ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:  # noqa: ARG002  # see archived.py
        """Return the records of archived invoices; who reads no archive knows none."""
        return {}

    def _in_state(self, invoice_ids: Sequence[str], state: State) -> list[str]:
        states = self.ask(*(["HGET", self.key("invoice", invoice_id), "state"] for invoice_id in invoice_ids))
        # Whatever is archived was exported.
        found = [State.EXPORTED if current is None else text(current) for current in states]
        return [invoice_id for invoice_id, current in zip(invoice_ids, found, strict=True) if current == state]


class RedisArchivedTotals(StoreConnection):
    """How much has left for the archive."""

    def archived_totals(self) -> Mapping[str, ArchivedTotals]:
        """See ``OperatorPort``."""
        numbers: dict[str, dict[str, int]] = {}
        for name, number in mapping(self.run("archived_totals")).items():
            export, _, what = name.partition(" ")
            numbers.setdefault(export, {})[what] = int(number)
        return {export: ArchivedTotals(**each) for export, each in sorted(numbers.items())}


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


class RedisOperator(RedisReading, RedisArchivedTotals, OperatorPort):
    """See ``OperatorPort``."""

    @override
    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        # At once, as history entries may be on their way from the record to the list.
        fields, older = self.ask(
            ["HGETALL", self.key("invoice", invoice_id)],
            ["LRANGE", self.key("history", invoice_id), 0, -1],
            at_once=True,
        )
        return records.invoice_with_history(invoice_id, mapping(fields), older) if fields else None

    @override
    def period(self, period_id: str) -> PeriodRecord | None:
        return next(self._periods([period_id]), None)

    @override
    def periods(self) -> Sequence[PeriodRecord]:
        return list(self._periods(self._period_ids()))

    @override
    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        if period_id is not None:
            return self.records(self.member_ids(period_id), state)
        if state is State.DEAD:
            return self.records(texts(self.ask(["ZRANGE", self.key("dead"), 0, -1])[0]), state)
        return self._all(state)

    @override
    def requeue(self, invoice_ids: Sequence[str], *, by: str, why: str = "") -> Sequence[str]:
        moved: list[str] = []
        detail = f"{by}: {why}" if why else by
        for start in range(0, len(invoice_ids), _PAGE):
            moved += texts(self.run("requeue", token(), detail, by, why, *invoice_ids[start : start + _PAGE]))[1:]
        return moved

    @override
    def reexport(self, invoice_ids: Sequence[str], *, by: str, why: str = "", by_hand: bool = False) -> Sequence[str]:
        stays = "" if by_hand else f"{Outcome.BY_HAND} {Outcome.DISCARDED}"
        moved: list[str] = []
        detail = f"{by}: {why}" if why else by
        for start in range(0, len(invoice_ids), _PAGE):
            moved += texts(self.run("reexport", token(), detail, stays, by, why, *invoice_ids[start : start + _PAGE]))[
                1:
            ]
        return moved

    @override
    def mark_exported(self, invoice_id: str, *, by: str, why: str) -> bool:
        answer = self.run("mark_exported", token(), invoice_id, Outcome.BY_HAND, f"{by}: {why}", by, why)
        return texts(answer) == ["ok"]

    @override
    def accept_conflicts(self, period_id: str, invoice_id: str, *, by: str, why: str) -> int:
        return int(self.run("accept_conflicts", period_id, invoice_id, f"{by}: {why}", token(), by, why)[0])

    @override
    def clocks(self) -> Sequence[ClockReading]:
        known = records.load_clocks(mapping(self.ask(["HGETALL", self.key("clocks")])[0]))
        return [known[field] for field in sorted(known)]

    @override
    def paused(self) -> Mapping[str, Failure]:
        return records.load_pauses(mapping(self.ask(["HGETALL", self.key("export-status")])[0]))

    @override
    def resume(self, export: str, *, by: str = "", why: str = "") -> bool:
        return texts(self.run("resume", token(), export, by, why)) == ["ok"]

    @override
    def resume_later(self, export: str, *, by: str, why: str, after: float) -> bool:
        return texts(self.run("resume_later", export, after, by, why)) == ["ok"]

    def _period_ids(self) -> list[str]:
        return texts(self.ask(["ZREVRANGE", self.key("periods"), 0, -1])[0])

    def _periods(self, period_ids: Sequence[str]) -> Iterator[PeriodRecord]:
        for start in range(0, len(period_ids), _PAGE):
            commands = [each for key in period_ids[start : start + _PAGE] for each in self._period_commands(key)]
            answers = self.ask(*commands)
            for at in range(0, len(answers), _PER_PERIOD):
                if answers[at]:
                    yield records.period_record(answers[at : at + _PER_PERIOD])

    def _period_commands(self, period_id: str) -> Sequence[list[Word]]:
        """Return what reads one period, see ``records.period_record``."""
        return (
            ["HGETALL", self.key("period", period_id)],
            ["LRANGE", self.key("period-events", period_id), 0, -1],
            ["HMGET", self.key("counts", period_id), *State],
            ["HGETALL", self.key("conflicts", period_id)],
        )

    def _all(self, state: State | None) -> Iterator[InvoiceRecord]:
        seen: set[str] = set()
        for period_id in self._period_ids():
            for record in self.records(self.member_ids(period_id), state):
                if record.id not in seen:
                    seen.add(record.id)
                    yield record
