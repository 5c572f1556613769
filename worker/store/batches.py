"""Causes of dead letters and batches of moves by hand, on Redis."""

# ruff: noqa: PLC0415  # `status` needs the store without batches

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from config.names import export_of
from worker.domain.desk_ports import WINDOW, BatchPort, CausePort
from worker.domain.record import Outcome, State
from worker.store import records
from worker.store.connection import StoreConnection, Word, mapping, text, texts, token
from worker.store.frozen_sets import RedisFrozenSets

if TYPE_CHECKING:
    from worker.domain.batch import Batch, BatchItem, NewBatch
    from worker.domain.causes import Cause, CauseAnswer
    from worker.errors import Failure

#: Periods among which the latest of an export is looked for.
_LATEST = 200
#: Seconds after which causes that were to be asked, and were not, are due again.
_LEASE = 120
#: Seconds after which the pauses between two questions begin anew.
_REMEMBERED = 3600
#: Reasons of pauses that one question shows to be gone.
ASKABLE_PAUSES = ("tokens-refused", "agreement-mismatch")
#: Outcomes on the word of a person, which a re-export of many leaves alone.
ON_A_PERSONS_WORD = (Outcome.BY_HAND, Outcome.DISCARDED)


class RedisCauses(StoreConnection, CausePort):
    """See ``CausePort``."""

    @override
    def causes(self) -> Sequence[Cause]:
        found = self._causes(sorted(texts(self.ask(["SMEMBERS", self.key("causes")])[0])))
        return sorted(found, key=lambda cause: (-max(cause.at_stake.values(), default=Decimal()), cause.id))

    @override
    def cause(self, cause_id: str) -> Cause | None:
        return next(iter(self._causes([cause_id])), None)

    @override
    def failed_for(self, cause_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        end = -1 if most < 0 else start + most - 1
        if most == 0:
            return []
        (found,) = self.ask(["ZRANGE", self.key("cause-dead", cause_id), start, end, "WITHSCORES"])
        return _scored(found)

    @override
    def causes_due(self, exports: Sequence[str]) -> Sequence[str]:
        return texts(self.run("causes_due", token(), _LEASE, " ".join(ASKABLE_PAUSES), *exports))

    @override
    def end_causes(self, export: str) -> None:
        self.ask(["HDEL", self.key("causes-taken"), export])

    @override
    def due_causes(self, export: str) -> Sequence[Cause]:
        (due,) = self.ask(["ZRANGEBYSCORE", self.key("cause-probes", export), "-inf", repr(self.now())])
        return self._causes(texts(due))

    @override
    def note_answer(self, cause_id: str, answer: CauseAnswer, *, again_in: float) -> None:
        self.run("note_answer", cause_id, answer.state, repr(answer.at), answer.why, again_in)

    @override
    def clear_cause(self, cause_id: str, batch: NewBatch) -> int:
        return int(self.run("clear_cause", cause_id, batch.id, batch.export, _order(batch))[0])

    @override
    def pause_probed(self, export: str, *, again_in: float) -> None:
        probe = self.key("pause-probe", export)
        self.ask(
            ["HSET", probe, "next", repr(self.now() + again_in), "wait", repr(again_in)],
            ["EXPIRE", probe, int(again_in) + _REMEMBERED],
        )

    @override
    def pause_wait(self, export: str) -> float:
        (wait,) = self.ask(["HGET", self.key("pause-probe", export), "wait"])
        return float(wait or 0)

    def _causes(self, ids: Sequence[str]) -> list[Cause]:
        asked: list[Sequence[Word]] = []
        for cause in ids:
            dead = self.key("cause-dead", cause)
            asked += [
                ["HGETALL", self.key("cause", cause)],
                ["HGETALL", self.key("cause-stakes", cause)],
                ["ZCARD", dead],
            ]
            asked += [["ZRANGE", dead, end, end, "WITHSCORES"] for end in (0, -1)]
        answers = self.ask(*asked) if asked else []
        each = (answers[at : at + 5] for at in range(0, len(answers), 5))
        return [_cause(cause, found) for cause, found in zip(ids, each, strict=True) if found[0] and found[2]]


class RedisBatches(RedisFrozenSets, BatchPort):
    """See ``BatchPort``."""

    @override
    def open_batch(self, batch: NewBatch, members: Sequence[tuple[str, float]]) -> None:
        if members and not self.ask(["EXISTS", self.key("batch", batch.id)])[0]:
            self.freeze_members(batch.id, members)
            self.open_frozen(batch, batch.id)

    @override
    def open_frozen(self, batch: NewBatch, set_id: str) -> bool:
        return texts(self.run("open_frozen", batch.id, batch.export, _order(batch), set_id)) == ["ok"]

    @override
    def advance_batches(self, *, window: int = WINDOW) -> Sequence[str]:
        from worker.domain.batch import MOST_MARKED

        (running,) = self.ask(["EXISTS", self.key("batches-open")])
        if not running:
            return []
        return texts(self.run("advance_batches", token(), window, MOST_MARKED, " ".join(ON_A_PERSONS_WORD)))

    @override
    def batches(self, *, most: int = 100) -> Sequence[Batch]:
        (ids,) = self.ask(["ZREVRANGE", self.key("batches"), 0, most - 1])
        found = self.ask(*(["HGETALL", self.key("batch", batch)] for batch in texts(ids))) if ids else []
        return [_batch(batch, mapping(fields)) for batch, fields in zip(texts(ids), found, strict=True) if fields]

    @override
    def batch(self, batch_id: str) -> Batch | None:
        (fields,) = self.ask(["HGETALL", self.key("batch", batch_id)])
        return _batch(batch_id, mapping(fields)) if fields else None

    @override
    def batch_items(self, batch_id: str, *, start: int = 0, most: int = -1) -> Sequence[BatchItem]:
        from worker.domain.batch import BatchItem

        end = -1 if most < 0 else start + most - 1
        members, begun = self.ask(
            ["LRANGE", self.key("batch-members", batch_id), start, end], ["HGET", self.key("batch", batch_id), "begun"]
        )
        ids = [member.partition(" ")[0] for member in texts(members)]
        if not ids:
            return []
        (results,) = self.ask(["HMGET", self.key("batch-results", batch_id), *ids])
        return [
            BatchItem(invoice_id=key, result=text(result) or ("begun" if start + at < int(begun or 0) else ""))
            for at, (key, result) in enumerate(zip(ids, results, strict=True))
        ]

    @override
    def export_times(self, export: str, *, most: int = 200) -> Sequence[float]:
        (periods,) = self.ask(["ZREVRANGE", self.key("periods"), 0, _LATEST - 1])
        latest = next((period for period in texts(periods) if export_of(period) == export), None)
        if latest is None:
            return []
        (members,) = self.ask(["ZREVRANGE", self.key("members", latest), 0, most - 1])
        found = self.ask(*(["HMGET", self.key("invoice", key), "state", "updated_at"] for key in texts(members)))
        return [float(at) for state, at in found if text(state) == State.EXPORTED]

    @override
    def cancel_batch(self, batch_id: str, *, by: str) -> bool:
        return texts(self.run("cancel_batch", batch_id, by)) == ["ok"]


def _cause(cause_id: str, found: Sequence[Any]) -> Cause:
    from worker.domain.causes import Cause, CauseAnswer, CauseState

    kept, stakes, count, first, last = found
    fields = mapping(kept)
    answer = None
    if fields.get("answer"):
        state, at = CauseState(fields["answer"]), float(fields["asked_at"])
        answer = CauseAnswer(state=state, at=at, why=fields["why"])
    return Cause(
        id=cause_id,
        export=fields["export"],
        failure=_failure(fields["failure"]),
        invoices=int(count),
        at_stake={currency: Decimal(amount) / 100 for currency, amount in sorted(mapping(stakes).items())},
        oldest=_scored(first)[0][1],
        newest=_scored(last)[0][1],
        answer=answer,
        pause=float(fields.get("pause", 0)),
    )


def _failure(kept: str) -> Failure:
    failure = records.load_failure(kept)
    if failure is None:
        raise ValueError("a cause without a failure")
    return failure


def _scored(found: Sequence[Any]) -> list[tuple[str, float]]:
    """Return members and scores, as RESP2 (flat) or RESP3 (pairs) answers them."""
    if found and isinstance(found[0], list | tuple):
        return [(text(member), float(score)) for member, score in found]
    return [(text(member), float(score)) for member, score in zip(found[::2], found[1::2], strict=True)]


def _order(batch: NewBatch) -> str:
    at_stake = {currency: str(amount) for currency, amount in batch.at_stake.items()}
    cause = records.dump_failure(batch.cause)
    return json.dumps({**asdict(batch), "cause": cause, "at_stake": at_stake}, ensure_ascii=False)


def _batch(batch_id: str, fields: Mapping[str, str]) -> Batch:
    from worker.domain.batch import Batch, BatchAction, BatchState, NewBatch

    order: dict[str, Any] = json.loads(fields["order"])
    ordered = NewBatch(
        id=batch_id,
        export=order["export"],
        action=BatchAction(order["action"]),
        by=order["by"],
        why=order["why"],
        cause=records.load_failure(order["cause"]),
        at_stake={currency: Decimal(amount) for currency, amount in order["at_stake"].items()},
    )
    return Batch(
        ordered=ordered,
        state=BatchState(fields["state"]),
        confirmed_at=float(fields["confirmed_at"]),
        ended_at=float(fields["ended_at"]),
        total=int(fields["total"]),
        begun=int(fields["begun"]),
        exported=int(fields["exported"]),
        failed=int(fields["dead"]),
        left=int(fields["left"]),
        cancelled_by=fields["cancelled_by"],
    )
