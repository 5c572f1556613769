"""Redis hashes as records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from worker.invoicing.period import PeriodRecord, PeriodState
from worker.invoicing.record import InvoiceRecord, Outcome, State
from worker.ledger import codec
from worker.ledger.adapter.store import mapping, text, texts
from worker.ledger.rules import Effect


def invoice_record(invoice_id: str, fields: Mapping[str, str], history: Sequence[Any] = ()) -> InvoiceRecord:
    """Return the record that a hash holds."""
    return InvoiceRecord(
        id=invoice_id,
        export=fields["export"],
        periods=tuple(fields["periods"].split()),
        invoice_number=int(fields["number"]),
        invoice_type=fields["type"],
        region=fields["region"] or None,
        content=fields["content"],
        content_hash=fields["hash"],
        state=State(fields["state"]),
        outcome=_outcome(fields["outcome"]),
        attempts=int(fields["attempts"]),
        crashes=int(fields["crashes"]),
        fence=int(fields["fence"]),
        lease_until=float(fields["lease_until"]),
        due_at=float(fields["due_at"]),
        published_at=float(fields["published_at"]),
        received_at=float(fields["received_at"]),
        passed_at=float(fields["passed_at"]),
        updated_at=float(fields["updated_at"]),
        progress=codec.load_progress(
            fields["progress"], generation=int(fields["generation"]), look=fields["look"] == "1"
        ),
        failure=codec.load_failure(fields["failure"]),
        history=tuple(codec.load_history(text(entry)) for entry in history),
    )


def saved_record(record: InvoiceRecord, effect: Effect, answer: Sequence[Any]) -> InvoiceRecord:
    """Return the record as it stands after a save, from what the script answers of it."""
    state, outcome, attempts, crashes, lease_until, due_at, published_at, updated_at = texts(answer)
    return replace(
        record,
        state=State(state),
        outcome=_outcome(outcome),
        attempts=int(attempts),
        crashes=int(crashes),
        lease_until=float(lease_until),
        due_at=float(due_at),
        published_at=float(published_at),
        updated_at=float(updated_at),
        failure=effect.failure,
        history=(),
    )


def period_record(answers: Sequence[Any]) -> PeriodRecord:
    """Return the period that its hash, its events, its counts and its conflicts hold."""
    fields, events, counts, conflicts = mapping(answers[0]), answers[1], mapping(answers[2]), mapping(answers[3])
    return codec.load_period(
        fields["document"],
        events=tuple(texts(events)),
        state=PeriodState(fields["state"]),
        notice=fields["notice"],
        received_at=float(fields["received_at"]),
        counts={state: number for state in State if (number := int(counts.get(state, 0)))},
        conflicts=tuple(
            sorted(map(codec.load_conflict, conflicts.values()), key=lambda it: (it.at, it.invoice_id, it.event_key))
        ),
    )


def _outcome(name: str) -> Outcome | None:
    return Outcome(name) if name else None
