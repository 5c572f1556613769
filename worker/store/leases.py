"""Claims, saves and renewals on Redis: one holder an invoice, customer or product; and pinned agreements."""

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from worker.domain.record import InvoiceRecord, State, Transition
from worker.domain.store_port import ExportPort, PinPort, SharedRecord, Unclaimed
from worker.errors import Busy, Failure, LeaseLost
from worker.store import effects, records
from worker.store.connection import StoreConnection, Word, mapping, text, token


class RedisExport(StoreConnection, ExportPort):
    """See ``ExportPort``."""

    @override
    def claim(self, invoice_id: str) -> InvoiceRecord | Unclaimed:
        status, *rest = self.run("claim", invoice_id, token(), self.policy.lease_seconds)
        if text(status) != "claimed":
            return Unclaimed(why=text(status))
        return records.invoice_record(invoice_id, mapping(rest[0]))

    @override
    def save(self, record: InvoiceRecord, transition: Transition) -> InvoiceRecord:
        effect = effects.effect_of(transition, record.failure)
        words = (*_progress_words(record), *_effect_words(effect))
        status, *rest = self.run("save", record.id, record.fence, token(), self.policy.lease_seconds, *words)
        if text(status) == "lost":
            raise LeaseLost(f"another worker has taken over {record.id}")
        return records.saved_record(record, effect, rest[0])

    @override
    def renew(self, invoice_id: str, fence: int) -> None:
        status, *_ = self.run("renew", invoice_id, fence, self.policy.lease_seconds)
        if text(status) == "lost":
            raise LeaseLost(f"another worker has taken over {invoice_id}")

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
            raise Busy(effects.claimed_elsewhere(), retry_after=min(float(answer), effects.BUSY_RETRY))
        fields = mapping(answer)
        return SharedRecord(
            number=fields.get("number") or None,
            intent=records.load_intent(fields.get("intent", "")),
            generation=int(fields.get("generation", 0)),
            fence=int(fields["fence"]),
        )

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
    def forget_shared(self, key: str) -> None:
        self.run("shared_forget", key, token())

    @override
    def pause(self, export: str, failure: Failure) -> None:
        self.ask(["HSETNX", self.key("export-status"), records.paused_field(export), records.dump_failure(failure)])


class RedisPins(StoreConnection, PinPort):
    """See ``PinPort``."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        pins = self.key("pins")
        _, pinned = self.ask(["HSETNX", pins, export, agreement], ["HGET", pins, export])
        return int(pinned)


def _refuse_lost(answer: Sequence[Any]) -> None:
    if text(answer[0]) == "lost":
        raise LeaseLost("another worker has taken over this customer or product")


def _progress_words(record: InvoiceRecord) -> tuple[Word, ...]:
    progress = record.progress
    sent = effects.anything_sent(progress)
    return (records.dump_progress(progress), progress.generation, int(progress.lookup), int(sent))


def _effect_words(effect: effects.Effect) -> tuple[Word, ...]:
    return (
        effect.state,
        effect.event,
        effect.detail,
        effect.outcome or "",
        repr(effect.due_at),
        records.dump_failure(effect.failure),
        effect.attempts,
    )
