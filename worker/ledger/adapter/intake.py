"""Intake on Redis."""

from collections.abc import Sequence

from typing_extensions import override

from worker.errors import LedgerDown
from worker.invoicing.period import NewInvoice, PeriodRecord, Registered
from worker.invoicing.ports import IntakePort
from worker.ledger import codec, rules
from worker.ledger.adapter.store import Store, Word, texts, token


class RedisIntake(Store, IntakePort):
    """See ``IntakePort``."""

    @override
    def event_known(self, event_key: str) -> bool:
        return self.ask(["ZSCORE", self.key("events"), event_key]) != [None]

    @override
    def open_period(self, period: PeriodRecord, event_key: str) -> None:
        self.run("open_period", period.id, period.export, event_key, codec.dump_period(period), period.invoice_count)

    @override
    def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
        words = [word for invoice in invoices for word in _words(invoice)]
        status, *became = texts(self.run("register", period_id, event_key, token(), *words))
        _refuse_gone(status, period_id)
        return Registered(
            **{
                kind: tuple(invoice.id for invoice, what in zip(invoices, became, strict=True) if what == kind)
                for kind in ("added", "known", "replaced", "conflicts")
            }
        )

    @override
    def close_event(self, period_id: str, event_key: str) -> None:
        status, *_ = texts(self.run("close_event", period_id, event_key))
        _refuse_gone(status, period_id)


def _words(invoice: NewInvoice) -> tuple[Word, ...]:
    return (
        invoice.id,
        invoice.export,
        invoice.invoice_number,
        invoice.invoice_type,
        invoice.region or "",
        invoice.content,
        invoice.content_hash,
    )


def _refuse_gone(status: str, period_id: str) -> None:
    if status == "gone":
        raise LedgerDown(rules.period_gone(period_id))
