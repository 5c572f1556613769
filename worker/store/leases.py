"""Executions of invoices on Redis: claim, save, leases, single flights; and what a transition changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import override

from worker.domain.clocks import ClockReading
from worker.domain.reasons import ProcessReason
from worker.domain.reasons import failure as failure_of
from worker.domain.record import (
    Continue,
    Finish,
    InvoiceRecord,
    MoveToDeadLetters,
    Outcome,
    Progress,
    State,
    Transition,
    Wait,
)
from worker.domain.store_port import STORE_AWAY, ExportPort, PinPort, SharedRecord, Unclaimed
from worker.errors import Busy, Failure, LeaseLost
from worker.store import records
from worker.store.connection import StoreConnection, Word, mapping, text, texts, token

#: Whoever creates a customer or product is done within a call or two: ask again this soon, in seconds.
BUSY_RETRY = 2.0

#: Shared records read or written in one trip.
_PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a transition changes, whichever kind it is."""

    state: State
    #: History entry.
    event: str
    detail: str = ""
    outcome: Outcome | None = None
    #: Not before; 0 when not waiting.
    due_at: float = 0.0
    #: The failure from now on.
    failure: Failure | None = None
    attempts: int = 0


def effect_of(transition: Transition, standing: Failure | None) -> Effect:
    """Return what this transition changes; ``standing`` is the failure so far, kept where there is no new one."""
    match transition:
        case Continue(event=event, detail=detail):
            return Effect(state=State.EXPORTING, event=event, detail=detail, failure=standing)
        case Finish(outcome=outcome, detail=detail):
            return Effect(state=State.EXPORTED, event=outcome.value, detail=detail, outcome=outcome)
        case Wait(until=until, failure=failure, costs_attempt=costs):
            return Effect(
                state=State.WAITING,
                event="retry",
                detail=failure.reason,
                due_at=until,
                failure=failure,
                attempts=int(costs),
            )
        case MoveToDeadLetters(failure=failure):
            return Effect(state=State.DEAD, event="dead", detail=failure.reason, failure=failure)
        case _:
            return Effect(state=State.QUEUED, event="paused", failure=standing)


def anything_sent(progress: Progress) -> bool:
    """Tell whether something of the invoice is, or may be, in e-conomic, so that its content must not change."""
    return bool(
        progress.intent
        or progress.lookup
        or progress.not_found_since
        or progress.draft_number
        or progress.booked_number
        or progress.voucher
    )


def progress_of_replaced(progress: Progress) -> Progress:
    """Return the progress of an invoice whose content was replaced before anything of it was in e-conomic.

    The generation rises, so that the other content never travels under a key that a refused request has used.
    """
    return Progress(generation=progress.generation + 1)


def worker_killed(max_crashes: int) -> Failure:
    """Return the failure of an invoice whose workers were killed each time."""
    return failure_of(
        ProcessReason.WORKER_KILLED,
        f"The worker that exported this invoice was killed {max_crashes} times in a row before it could say why.",
    )


def worker_suspected(crashes: int) -> Failure:
    """Return the failure of an invoice that gets its last chance."""
    return failure_of(
        ProcessReason.WORKER_KILLED,
        f"The worker that exported this invoice was killed {crashes} times in a row before it could say why. "
        "It is tried once more, apart from others that were killed with it.",
        next_step="Nothing yet. If workers go on being killed, check their memory and their log.",
    )


def claimed_elsewhere() -> Failure:
    """Return the failure of an invoice that meets another worker at its customer or product."""
    return failure_of(
        ProcessReason.BUSY, "Another worker is creating the same customer or product in e-conomic right now."
    )


def period_gone(period_id: str) -> Failure:
    """Return the failure of an event whose period vanished while it was being taken in."""
    return failure_of(
        ProcessReason.STORE_UNAVAILABLE,
        f"Period {period_id} is no longer in the store, although its event is being taken in: Redis lost data.",
        next_step="Nothing for this event: it is read again from its beginning. Find out why Redis lost data.",
    )


class RedisExport(StoreConnection, ExportPort):
    """See ``ExportPort``."""

    @override
    def claim(self, invoice_id: str, task: str = "") -> InvoiceRecord | Unclaimed:
        policy = self.policy
        status, *rest = self.run("claim", invoice_id, token(), policy.lease_seconds, policy.restart_within, task)
        if text(status) != "claimed":
            return Unclaimed(why=text(status))
        return records.invoice_record(invoice_id, mapping(rest[0]))

    @override
    def claim_others(self, export: str, invoice_type: str, most: int) -> Sequence[InvoiceRecord]:
        _, claimed = self.run("claim_others", export, token(), self.policy.lease_seconds, invoice_type, most)
        pairs = zip(texts(claimed[::2]), claimed[1::2], strict=True)
        return [records.invoice_record(invoice_id, mapping(fields)) for invoice_id, fields in pairs]

    @override
    def save(self, record: InvoiceRecord, transition: Transition) -> InvoiceRecord:
        effect = effect_of(transition, record.failure)
        words = (*_progress_words(record), *_effect_words(effect))
        status, *rest = self.run("save", record.id, record.fence, token(), self.policy.lease_seconds, *words)
        if text(status) == "lost":
            raise LeaseLost(f"another worker has taken over {record.id}")
        return saved_record(record, effect, rest[0])

    @override
    def renew(self, invoice_id: str, fence: int) -> None:
        status, *_ = self.run("renew", invoice_id, fence, self.policy.lease_seconds)
        if text(status) == "lost":
            raise LeaseLost(f"another worker has taken over {invoice_id}")

    @override
    def give_back(self, invoice_id: str, fence: int, *, why: str = STORE_AWAY) -> None:
        self.run("give_back", invoice_id, fence, ProcessReason.WORKER_KILLED.value, why)

    @override
    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        if not invoice_ids:
            return {}
        states = self.ask(*(["HGET", self.key("invoice", invoice_id), "state"] for invoice_id in invoice_ids))
        return {invoice_id: State(text(state)) for invoice_id, state in zip(invoice_ids, states, strict=True) if state}

    @override
    def open_shared(self, key: str) -> SharedRecord:
        status, answer = self.run("shared_open", key, token(), self.policy.lease_seconds)
        if text(status) == "busy":
            raise Busy(claimed_elsewhere(), retry_after=min(float(answer), BUSY_RETRY))
        fields = mapping(answer)
        return SharedRecord(
            number=fields.get("number") or None,
            intent=records.load_intent(fields.get("intent", "")),
            generation=int(fields.get("generation", 0)),
            fence=int(fields["fence"]),
            proved_at=float(fields.get("proved_at") or 0),
        )

    @override
    def shared_numbers(self, keys: Sequence[str]) -> Mapping[str, str]:
        numbers: dict[str, str] = {}
        for at in range(0, len(keys), _PAGE):
            page = keys[at : at + _PAGE]
            found = self.ask(*(["HGET", self.key("shared", key), "number"] for key in page))
            numbers |= {key: text(number) for key, number in zip(page, found, strict=True) if number}
        return numbers

    @override
    def prove_shared(self, numbers: Mapping[str, str]) -> None:
        pairs = list(numbers.items())
        for at in range(0, len(pairs), _PAGE):
            self.run("shared_prove", *(word for pair in pairs[at : at + _PAGE] for word in pair))

    @override
    def save_shared(self, key: str, shared: SharedRecord) -> None:
        words = (shared.number or "", records.dump_intent(shared.intent), shared.generation)
        _refuse_lost(self.run("shared_save", key, shared.fence, self.policy.lease_seconds, *words))

    @override
    def renew_shared(self, key: str, fence: int) -> None:
        _refuse_lost(self.run("shared_renew", key, fence, self.policy.lease_seconds))

    @override
    def release_shared(self, key: str, fence: int) -> None:
        self.run("shared_release", key, fence)

    @override
    def doubt_shared(self, keys: Sequence[str]) -> None:
        for at in range(0, len(keys), _PAGE):
            self.run("shared_doubt", *keys[at : at + _PAGE])

    @override
    def forget_shared(self, key: str) -> None:
        self.run("shared_forget", key, token())

    @override
    def note_clocks(self, reading: ClockReading) -> None:
        clocks = self.key("clocks")
        known = records.load_clocks(mapping(self.ask(["HGETALL", clocks])[0]))
        old = [field for field, each in known.items() if not records.worth_keeping(each, reading)]
        drop = [["HDEL", clocks, *old]] if old else []
        self.ask(*drop, ["HSET", clocks, records.clocks_field(reading), records.dump_clocks(reading)])

    @override
    def pause(self, export: str, failure: Failure, *, by: str = "", why: str = "") -> None:
        if by:
            self.run("pause", token(), export, records.dump_failure(failure), by, why)
            return
        self.ask(["HSETNX", self.key("export-status"), records.paused_field(export), records.dump_failure(failure)])


class RedisPins(StoreConnection, PinPort):
    """See ``PinPort``."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        pins = self.key("pins")
        _, pinned = self.ask(["HSETNX", pins, export, agreement], ["HGET", pins, export])
        return int(pinned)

    @override
    def declare_first_use(self, export: str) -> None:
        self.ask(["HSETNX", self.key("export-status"), records.whole_field(export), 0])


def _refuse_lost(answer: Sequence[Any]) -> None:
    if text(answer[0]) == "lost":
        raise LeaseLost("another worker has taken over this customer or product")


def _progress_words(record: InvoiceRecord) -> tuple[Word, ...]:
    progress = record.progress
    sent = anything_sent(progress)
    return (records.dump_progress(progress), progress.generation, int(progress.lookup), int(sent))


def _effect_words(effect: Effect) -> tuple[Word, ...]:
    return (
        effect.state,
        effect.event,
        effect.detail,
        effect.outcome or "",
        repr(effect.due_at),
        records.dump_failure(effect.failure),
        effect.attempts,
    )


def saved_record(record: InvoiceRecord, effect: Effect, answer: Sequence[Any]) -> InvoiceRecord:
    """Return the record after a save, from what the script answers about it."""
    state, outcome, attempts, crashes, lease_until, due_at, published_at, updated_at, periods = texts(answer)
    return replace(
        record,
        periods=tuple(periods.split()),
        state=State(state),
        outcome=records.outcome_of(outcome),
        attempts=int(attempts),
        crashes=int(crashes),
        lease_until=float(lease_until),
        due_at=float(due_at),
        published_at=float(published_at),
        updated_at=float(updated_at),
        failure=effect.failure,
        history=(),
    )
