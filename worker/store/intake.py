"""Periods on Redis: taking in their invoices, and passing them on after the check of the whole period."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from worker.domain.invoice_period import NewInvoice, PeriodRecord, Registered
from worker.domain.invoice_search import searchable
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import IntakePort, PreflightPort
from worker.errors import Failure, LeaseLost, StoreUnavailable
from worker.store import leases, records
from worker.store.connection import StoreConnection, Word, text, texts, token
from worker.store.operator_moves import RedisReading

#: Invoices that one script moves: it runs a few milliseconds, and everyone else waits for it.
_CHUNK = 250


class RedisIntake(StoreConnection, IntakePort):
    """See ``IntakePort``."""

    @override
    def event_known(self, event_key: str) -> bool:
        return self.ask(["ZSCORE", self.key("events"), event_key]) != [None]

    @override
    def event_contents(self, event_key: str) -> frozenset[str]:
        [answer] = self.ask(["HGET", self.key("event-contents"), event_key])
        return frozenset(text(answer).split()) if answer else frozenset()

    @override
    def open_period(self, period: PeriodRecord, event_key: str) -> bool:
        document = records.dump_period(period)
        answer = self.run("open_period", period.id, period.export, event_key, document, period.invoice_count)
        return texts(answer) == ["first"]

    @override
    def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
        words = [word for invoice in invoices for word in _words(invoice)]
        status, *kinds = texts(self.run("register", period_id, event_key, token(), *words))
        _refuse_gone(status, period_id)
        return Registered(
            **{
                kind: tuple(invoice.id for invoice, became in zip(invoices, kinds, strict=True) if became == kind)
                for kind in ("added", "known", "replaced", "conflicts")
            }
        )

    @override
    def close_event(self, period_id: str, event_key: str, contents: frozenset[str] = frozenset()) -> None:
        status, *_ = texts(self.run("close_event", period_id, event_key, " ".join(sorted(contents))))
        _refuse_gone(status, period_id)


class RedisPreflight(RedisReading, PreflightPort):
    """See ``PreflightPort``."""

    @override
    def claim_period(self, period_id: str) -> int | None:
        answer = texts(self.run("claim_period", period_id, token(), self.policy.period_lease_seconds))
        return int(answer[1]) if answer[0] == "claimed" else None

    @override
    def received(self, period_id: str) -> Iterable[InvoiceRecord]:
        # Nearly all members of a period that is to be checked are received, so their states are not read beforehand.
        members = self.records(self.member_ids(period_id))
        return (record for record in members if record.state is State.RECEIVED)

    @override
    def pass_preflight(
        self,
        period_id: str,
        fence: int,
        *,
        read: Mapping[str, str],
        queued: Sequence[str],
        lookup: frozenset[str],
        dead: Mapping[str, Failure],
    ) -> Sequence[str]:
        moves: list[tuple[Word, ...]] = [
            (invoice_id, read[invoice_id], int(invoice_id in lookup), "", "")
            for invoice_id in dict.fromkeys((*queued, *sorted(lookup)))
        ]
        moves += [
            (invoice_id, read[invoice_id], 0, records.dump_failure(failure), failure.reason)
            for invoice_id, failure in dead.items()
        ]
        passed: list[str] = []
        for start in range(0, max(len(moves), 1), _CHUNK):  # with nothing to move, the fence is still checked
            passed += self._pass_chunk(period_id, fence, moves[start : start + _CHUNK])
        return passed

    @override
    def finish_preflight(self, period_id: str, fence: int, *, notice: str) -> None:
        _refuse_lost(self.run("end_preflight", period_id, fence, notice, "", ""), period_id)

    @override
    def defer_preflight(self, period_id: str, fence: int, *, until: float, notice: str, held: bool = False) -> None:
        words = (period_id, fence, notice, repr(until), "1" if held else "")
        _refuse_lost(self.run("end_preflight", *words), period_id)

    def _pass_chunk(self, period_id: str, fence: int, moves: Sequence[tuple[Word, ...]]) -> list[str]:
        words = [word for move in moves for word in move]
        answer = self.run("pass_preflight", period_id, fence, self.policy.period_lease_seconds, *words)
        return _refuse_lost(answer, period_id)


def _words(invoice: NewInvoice) -> tuple[Word, ...]:
    return (
        invoice.id,
        invoice.export,
        invoice.invoice_number,
        invoice.invoice_type,
        invoice.region or "",
        invoice.content,
        invoice.content_hash,
        searchable(invoice.content),
    )


def _refuse_gone(status: str, period_id: str) -> None:
    if status == "gone":
        raise StoreUnavailable(leases.period_gone(period_id))


def _refuse_lost(answer: Sequence[object], period_id: str) -> list[str]:
    status, *rest = texts(answer)
    if status == "lost":
        raise LeaseLost(f"another worker has taken over the preflight of period {period_id}")
    return rest
