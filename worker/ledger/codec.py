"""The ledger's values as JSON text. A field at its default is left out, which keeps records small."""

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from worker.errors import Failure
from worker.invoicing.period import Conflict, ControlTotal, PeriodRecord
from worker.invoicing.record import HistoryEntry, Intent, Progress

#: Fields of ``Progress`` that scripts change, so they are kept beside the JSON text.
BESIDE = frozenset({"generation", "look"})


def dump_failure(failure: Failure | None) -> str:
    """Return JSON text; empty for none."""
    return _dump(_flat(failure)) if failure else ""


def load_failure(text: str) -> Failure | None:
    """Return what ``dump_failure`` was given."""
    return Failure(**json.loads(text)) if text else None


def dump_intent(intent: Intent | None) -> str:
    """Return JSON text; empty for none."""
    return _dump(_flat(intent)) if intent else ""


def load_intent(text: str) -> Intent | None:
    """Return what ``dump_intent`` was given."""
    return Intent(**json.loads(text)) if text else None


def dump_progress(progress: Progress) -> str:
    """Return JSON text without the fields in ``BESIDE``."""
    default = Progress()
    changed = {
        field.name: value
        for field in fields(progress)
        if field.name not in BESIDE and (value := getattr(progress, field.name)) != getattr(default, field.name)
    }
    return _dump(
        {name: _flat(value) if isinstance(value, Intent | Failure) else value for name, value in changed.items()}
    )


def load_progress(text: str, *, generation: int, look: bool) -> Progress:
    """Return what ``dump_progress`` was given, with the fields that were kept beside it."""
    data: dict[str, Any] = json.loads(text)
    intent, verdict = data.pop("intent", None), data.pop("verdict", None)
    return Progress(
        **{**data, "remarks": tuple(data.get("remarks", ()))},
        intent=Intent(**intent) if intent else None,
        verdict=Failure(**verdict) if verdict else None,
        generation=generation,
        look=look,
    )


def load_history(text: str) -> HistoryEntry:
    """Return an entry that a script has written as ``[at, event, detail]``."""
    at, event, detail = json.loads(text)
    return HistoryEntry(at=float(at), event=event, detail=detail)


def dump_period(period: PeriodRecord) -> str:
    """Return JSON text of what the event said about the period; all else changes and is kept beside it."""
    said = {
        "id": period.id,
        "export": period.export,
        "number": period.number,
        "name": period.name,
        "region": period.region,
        "closed_at": period.closed_at,
        "invoice_count": period.invoice_count,
        "control_totals": [_amounts(total) for total in period.control_totals],
    }
    return _dump(said)


def load_period(text: str, **beside: Any) -> PeriodRecord:
    """Return the period that ``dump_period`` was given, with the fields that were kept beside it."""
    said: dict[str, Any] = json.loads(text)
    totals = tuple(_control_total(total) for total in said.pop("control_totals"))
    return PeriodRecord(**said, control_totals=totals, **beside)


def load_conflict(text: str) -> Conflict:
    """Return a conflict that a script has written."""
    data = json.loads(text)
    return Conflict(**{**data, "at": float(data["at"])})


def _flat(value: Intent | Failure) -> dict[str, Any]:
    return {field.name: got for field in fields(value) if (got := getattr(value, field.name)) != field.default}


def _amounts(total: ControlTotal) -> dict[str, str]:
    return {"currency": total.currency, "net": str(total.net), "vat": str(total.vat), "gross": str(total.gross)}


def _control_total(data: Mapping[str, str]) -> ControlTotal:
    amounts = {name: Decimal(data[name]) for name in ("net", "vat", "gross")}
    return ControlTotal(currency=data["currency"], **amounts)


def _dump(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
