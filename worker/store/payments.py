"""What was reported to Opter of payments on Redis: by invoice, and the run that is being handed over."""

# ruff: noqa: PLC0415  # `status` needs the store without payments

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from worker.domain.reconcile_ports import PaymentsPort
from worker.store.connection import StoreConnection, mapping, text, texts

if TYPE_CHECKING:
    from worker.domain.payments import Payment, PaymentRun, ReportedPayments


class RedisPayments(StoreConnection, PaymentsPort):
    """See ``PaymentsPort``."""

    @override
    def reported_payments(self, export: str) -> Mapping[str, ReportedPayments]:
        kept = mapping(self.ask(["HGETALL", self.key("reported-payments", export)])[0])
        return {key: _load_reported(each) for key, each in kept.items()}

    @override
    def payment_run(self, export: str) -> PaymentRun | None:
        run, phase = map(text, self.ask(["HMGET", self.key("payments", export), "run", "phase"])[0])
        return replace(load_run(run), phase=phase) if run else None

    @override
    def begin_payments(self, run: PaymentRun, reported: Mapping[str, ReportedPayments]) -> bool:
        pairs = [(key, _dump(asdict(each))) for key, each in reported.items()]
        words = [word for pair in pairs for word in pair]
        return texts(self.run("begin_payments", run.export, run.number, dump_run(run), *words)) == ["ok"]

    @override
    def advance_payments(self, export: str, number: int, phase: str) -> None:
        self.run("advance_payments", export, number, phase)


def dump_run(run: PaymentRun) -> str:
    """Return JSON text of a run, without its phase."""
    return _dump({**asdict(run), "phase": "pending"})


def load_run(kept: str) -> PaymentRun:
    """Return the run that ``dump_run`` wrote."""
    from worker.domain.payments import PaymentRun

    data: dict[str, Any] = json.loads(kept)
    return PaymentRun(**{**data, "payments": tuple(_load_payment(each) for each in data["payments"])})


def _load_payment(data: Mapping[str, Any]) -> Payment:
    from worker.domain.payments import Payment, PaymentKind

    amounts = {name: Decimal(data[name]) for name in ("amount", "remainder")}
    rate = None if data["rate"] is None else Decimal(data["rate"])
    return Payment(**{**data, **amounts, "rate": rate, "kind": PaymentKind(data["kind"])})


def _load_reported(kept: str) -> ReportedPayments:
    from worker.domain.payments import ReportedPayments

    data = json.loads(kept)
    return ReportedPayments(
        entries=tuple(data["entries"]), matched=Decimal(data["matched"]), credited=Decimal(data["credited"])
    )


def _dump(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=str)
