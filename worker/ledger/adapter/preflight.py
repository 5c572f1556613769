"""Preflight on Redis."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from worker.errors import Failure, LeaseLost
from worker.invoicing.ports import PreflightPort
from worker.invoicing.record import InvoiceRecord, State
from worker.ledger import codec
from worker.ledger.adapter.reading import RedisReading
from worker.ledger.adapter.store import Word, texts, token

#: Invoices that one script moves: it runs a few milliseconds, and everyone else waits for it.
CHUNK = 250


class RedisPreflight(RedisReading, PreflightPort):
    """See ``PreflightPort``."""

    @override
    def claim_period(self, period_id: str) -> int | None:
        answer = texts(self.run("claim_period", period_id, token(), self.policy.period_lease_seconds))
        return int(answer[1]) if answer[0] == "claimed" else None

    @override
    def received(self, period_id: str) -> Iterable[InvoiceRecord]:
        return self.members(period_id, State.RECEIVED)

    @override
    def pass_preflight(
        self,
        period_id: str,
        fence: int,
        *,
        read: Mapping[str, str],
        queued: Sequence[str],
        look: frozenset[str],
        dead: Mapping[str, Failure],
    ) -> Sequence[str]:
        moves: list[tuple[Word, ...]] = [
            (one, read[one], int(one in look), "", "") for one in dict.fromkeys((*queued, *sorted(look)))
        ]
        moves += [(one, read[one], 0, codec.dump_failure(why), why.reason) for one, why in dead.items()]
        passed: list[str] = []
        for start in range(0, max(len(moves), 1), CHUNK):  # with nothing to move, the fence is still checked
            passed += self._pass_chunk(period_id, fence, moves[start : start + CHUNK])
        return passed

    @override
    def finish_preflight(self, period_id: str, fence: int, *, notice: str) -> None:
        _refuse_lost(self.run("end_preflight", period_id, fence, notice, ""), period_id)

    @override
    def defer_preflight(self, period_id: str, fence: int, *, until: float, notice: str) -> None:
        _refuse_lost(self.run("end_preflight", period_id, fence, notice, repr(until)), period_id)

    def _pass_chunk(self, period_id: str, fence: int, moves: Sequence[tuple[Word, ...]]) -> list[str]:
        words = [word for move in moves for word in move]
        answer = self.run("pass_preflight", period_id, fence, self.policy.period_lease_seconds, *words)
        return _refuse_lost(answer, period_id)


def _refuse_lost(answer: Sequence[object], period_id: str) -> list[str]:
    status, *rest = texts(answer)
    if status == "lost":
        raise LeaseLost(f"another worker has taken over the preflight of period {period_id}")
    return rest
