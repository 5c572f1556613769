"""Records as Redis hashes, and back."""

# ruff: noqa: PLC0415  # most records have neither a PDF nor a credit

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from config.names import export_of
from worker.domain.clocks import ClockReading
from worker.domain.invoice_period import Conflict, ControlTotal, PeriodRecord, PeriodState, StoredCertificate
from worker.domain.record import HistoryEntry, Intent, InvoiceRecord, Outcome, Progress, State
from worker.errors import Failure
from worker.store.connection import mapping, texts
from worker.store.short_content import plain

if TYPE_CHECKING:
    from worker.domain.attachment import PdfAttachment
    from worker.domain.credit_match import CreditMatch

#: Fields of ``Progress`` that scripts change, so they are kept beside the JSON text.
BESIDE = frozenset({"generation", "lookup"})
_UNCHANGED = Progress()
#: The fields of ``Progress`` that are kept as JSON text, with what they are at the beginning.
_PROGRESS = [(field.name, getattr(_UNCHANGED, field.name)) for field in fields(Progress) if field.name not in BESIDE]
#: Fields of the hash of all exports that say why an export is paused begin so, as in ``lua/common.lua``.
_PAUSED = "paused "
#: Seconds after which what a worker saw of the clocks is forgotten; two readings so close may come in any order.
_CLOCKS_KEPT, _AT_ONCE = 3600.0, 10.0


def dump_failure(failure: Failure | None) -> str:
    """Return JSON text; empty for none."""
    return _dump(_flat(failure)) if failure else ""


def load_failure(text: str) -> Failure | None:
    """Return the failure that ``dump_failure`` wrote."""
    return Failure(**json.loads(text)) if text else None


def dump_intent(intent: Intent | None) -> str:
    """Return JSON text; empty for none."""
    return _dump(_flat(intent)) if intent else ""


def load_intent(text: str) -> Intent | None:
    """Return the intent that ``dump_intent`` wrote."""
    return Intent(**json.loads(text)) if text else None


def dump_progress(progress: Progress) -> str:
    """Return JSON text without the fields in ``BESIDE``."""
    changed = {name: value for name, default in _PROGRESS if (value := getattr(progress, name)) != default}
    return _dump(
        {name: _flat(value) if isinstance(value, Intent | Failure) else value for name, value in changed.items()}
    )


def load_progress(text: str, *, generation: int, lookup: bool) -> Progress:
    """Return the progress that ``dump_progress`` wrote, with the fields that were kept beside it."""
    data: dict[str, Any] = json.loads(text)
    intent, pending_failure = data.pop("intent", None), data.pop("pending_failure", None)
    return Progress(
        **{
            **data,
            "remarks": tuple(data.get("remarks", ())),
            "booked_amounts": tuple(data.get("booked_amounts", ())),
        },
        intent=Intent(**intent) if intent else None,
        pending_failure=Failure(**pending_failure) if pending_failure else None,
        generation=generation,
        lookup=lookup,
    )


def load_history(entry: str) -> HistoryEntry:
    """Return an entry that a script has written as ``[at, event, detail]``."""
    at, event, detail = json.loads(entry)
    return HistoryEntry(at=float(at), event=event, detail=detail)


def dump_period(period: PeriodRecord) -> str:
    """Return JSON text of what the event says about the period; all else changes and is kept beside it."""
    document = {
        "id": period.id,
        "export": period.export,
        "number": period.number,
        "name": period.name,
        "region": period.region,
        "closed_at": period.closed_at,
        "invoice_count": period.invoice_count,
        "control_totals": [_amounts(total) for total in period.control_totals],
    }
    return _dump(document)


def load_period(text: str, **beside: Any) -> PeriodRecord:
    """Return the period that ``dump_period`` wrote, with the fields that were kept beside it."""
    document: dict[str, Any] = json.loads(text)
    totals = tuple(_control_total(total) for total in document.pop("control_totals"))
    return PeriodRecord(**document, control_totals=totals, **beside)


def load_conflict(text: str) -> Conflict:
    """Return a conflict that a script has written."""
    data = json.loads(text)
    return Conflict(**{**data, "at": float(data["at"])})


def paused_field(export: str) -> str:
    """Return the field that holds why an export is paused."""
    return f"{_PAUSED}{export}"


def whole_field(export: str) -> str:
    """Return the field that holds since when the store has lost nothing of an export."""
    return f"whole {export}"


def clocks_field(reading: ClockReading) -> str:
    """Return the field that holds the latest of its export and worker."""
    return f"{reading.export} {reading.worker}"


def worth_keeping(reading: ClockReading, latest: ClockReading) -> bool:
    """Tell whether a reading still says something: neither too old, nor made by a clock that was set back since."""
    return -_AT_ONCE <= latest.at - reading.at <= _CLOCKS_KEPT


def dump_clocks(reading: ClockReading) -> str:
    """Return JSON text."""
    return _dump(_flat(reading))


def load_clocks(fields: Mapping[str, str]) -> dict[str, ClockReading]:
    """Return what ``dump_clocks`` wrote, by field."""
    return {field: ClockReading(**json.loads(text)) for field, text in fields.items()}


def load_pauses(fields: Mapping[str, str]) -> dict[str, Failure]:
    """Return the paused exports and why, from what is known of all exports."""
    return {
        field.removeprefix(_PAUSED): failure
        for field, text in fields.items()
        if field.startswith(_PAUSED) and (failure := load_failure(text))
    }


def invoice_record(invoice_id: str, fields: Mapping[str, str]) -> InvoiceRecord:
    """Return the record that a hash holds, history left out; that of a finished invoice may leave fields out."""
    return InvoiceRecord(
        id=invoice_id,
        export=fields.get("export") or export_of(invoice_id),
        periods=tuple(fields["periods"].split()),
        invoice_number=int(fields.get("number") or invoice_id.rpartition("-")[2]),
        invoice_type=fields.get("type", "invoice"),
        region=fields.get("region") or None,
        content=in_full(fields["content"]),
        content_hash=fields["hash"],
        state=State(fields["state"]),
        outcome=outcome_of(fields["outcome"]),
        attempts=int(fields.get("attempts", 0)),
        crashes=int(fields.get("crashes", 0)),
        fence=int(fields.get("fence", 1)),
        lease_until=float(fields.get("lease_until", 0)),
        due_at=float(fields.get("due_at", 0)),
        published_at=float(fields.get("published_at", 0)),
        received_at=float(fields["received_at"]),
        passed_at=float(fields["passed_at"]),
        updated_at=float(fields["updated_at"]),
        whole_since=float(fields.get("whole_since", 0)),
        progress=load_progress(
            fields["progress"], generation=int(fields.get("generation", 0)), lookup=fields.get("lookup") == "1"
        ),
        failure=load_failure(fields.get("failure", "")),
        pdf=load_attachment(fields["pdf"]) if fields.get("pdf") else None,
        credit=load_credit_match(fields["credit"]) if fields.get("credit") else None,
    )


def in_full(content: str) -> str:
    """Return a content as it was taken in; that of a finished invoice may be written short."""
    return content if content.startswith("{") else plain(content)


def invoice_with_history(invoice_id: str, fields: Mapping[str, str], older: Sequence[Any]) -> InvoiceRecord:
    """Return the record with its history: the older entries of the list, then the newest in the hash."""
    entries = (*texts(older), *filter(None, fields["history"].split("\n")))
    return replace(invoice_record(invoice_id, fields), history=tuple(map(load_history, entries)))


def period_record(answers: Sequence[Any]) -> PeriodRecord:
    """Return the period that its hash, its events, its counts and its conflicts hold."""
    fields, events, kept = mapping(answers[0]), answers[1], mapping(answers[3])
    counts = {state: int(number or 0) for state, number in zip(State, answers[2], strict=True)}
    archived = int(fields.get("archived", 0))
    counts[State.EXPORTED] += archived
    conflicts = sorted(map(load_conflict, kept.values()), key=lambda it: (it.at, it.invoice_id, it.event_key))
    return load_period(
        fields["document"],
        events=tuple(texts(events)),
        state=PeriodState(fields["state"]),
        notice=fields["notice"],
        held=fields.get("held") == "1",
        received_at=float(fields["received_at"]),
        certificate=load_summary(fields["certificate"]) if fields.get("certificate") else None,
        counts={state: number for state, number in counts.items() if number},
        archived=archived,
        conflicts=tuple(conflict for conflict in conflicts if not conflict.accepted),
        accepted_conflicts=tuple(conflict for conflict in conflicts if conflict.accepted),
    )


def dump_followup(known: PdfAttachment | CreditMatch) -> str:
    """Return JSON text of what is known of what follows a booking."""
    return _dump(asdict(known))


def load_credit_match(text: str) -> CreditMatch:
    """Return what ``dump_followup`` wrote."""
    from worker.domain.credit_match import CreditMatch, MatchState

    data = json.loads(text)
    return CreditMatch(**{**data, "state": MatchState(data["state"])})


def load_attachment(text: str) -> PdfAttachment:
    """Return what ``dump_followup`` wrote."""
    from worker.domain.attachment import AttachmentState, PdfAttachment

    data = json.loads(text)
    return PdfAttachment(**{**data, "state": AttachmentState(data["state"])})


def dump_summary(kept: StoredCertificate) -> str:
    """Return JSON text of a certificate without its text."""
    return _dump({**asdict(kept), "text": ""})


def load_summary(text: str, document: str = "") -> StoredCertificate:
    """Return the certificate that ``dump_summary`` wrote, with its text where that was read."""
    return StoredCertificate(**{**json.loads(text), "text": document})


def _flat(value: Intent | Failure | ClockReading) -> dict[str, Any]:
    return {field.name: content for field in fields(value) if (content := getattr(value, field.name)) != field.default}


def _amounts(total: ControlTotal) -> dict[str, str]:
    return {"currency": total.currency, "net": str(total.net), "vat": str(total.vat), "gross": str(total.gross)}


def _control_total(data: Mapping[str, str]) -> ControlTotal:
    amounts = {name: Decimal(data[name]) for name in ("net", "vat", "gross")}
    return ControlTotal(currency=data["currency"], **amounts)


def _dump(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def outcome_of(name: str) -> Outcome | None:
    """Return the outcome that a hash names; None for an empty text."""
    return Outcome(name) if name else None
