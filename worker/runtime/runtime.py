"""What one process works with, and the two jobs that its tasks ask for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from redis import Redis

from config.exports import ExportConfig
from config.names import export_of
from config.settings import Settings
from worker.economic.client import EconomicClient
from worker.errors import StoreUnavailable
from worker.runtime.logs import redact_errors
from worker.runtime.publisher import Publisher
from worker.store.redis_store import RedisStore
from worker.workflow.context import ExportContext
from worker.workflow.exporter import ExecutionResult, Exporter
from worker.workflow.preflight import Preflight
from worker.workflow.sweeper import Sweeper

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One process's working parts, built after any fork and closed at its end."""

    settings: Settings
    exports: Mapping[str, ExportConfig]
    redis: Redis
    store: RedisStore
    publisher: Publisher
    exporter: Exporter
    preflight: Preflight
    sweeper: Sweeper
    clients: Mapping[str, EconomicClient]
    #: The desk of an export; raises ``KeyError`` for one that is not in the exports file.
    context: Callable[[str], ExportContext]

    def export_invoice(self, invoice_id: str) -> None:
        """Export one invoice and write its canonical log line. Raises ``InternalFault``."""
        with redact_errors(), structlog.contextvars.bound_contextvars(invoice=invoice_id):
            self._export_invoice(invoice_id)

    def check_period(self, period_id: str) -> None:
        """Check one period and write its canonical log line. Raises ``InternalFault``."""
        with redact_errors(), structlog.contextvars.bound_contextvars(period=period_id):
            self._check_period(period_id)

    def close(self) -> None:
        """Close every connection."""
        for client in self.clients.values():
            client.close()
        self.redis.close()

    def _export_invoice(self, invoice_id: str) -> None:
        began = time.monotonic()
        client = self.clients.get(export_of(invoice_id))
        if client is None:
            log.error("export_unknown", next_step="Put the export back into the exports file.")
            return
        with client.metered() as meter:
            ran = self.exporter.run(invoice_id)
        log.info(
            "invoice_export",
            result=ran.result,
            **_told(ran),
            http_calls=meter.calls,
            tokens=meter.tokens,
            ms=round((time.monotonic() - began) * 1000),
        )

    def _check_period(self, period_id: str) -> None:
        began = time.monotonic()
        export = export_of(period_id)
        client = self.clients.get(export)
        if client is None:
            log.error("export_unknown", next_step="Put the export back into the exports file.")
            return
        try:
            with client.metered() as meter:
                checked = self.preflight.run(period_id, self.context(export))
        except StoreUnavailable:
            log.warning("period_preflight", result="store-unavailable")
            return
        log.info(
            "period_preflight",
            result=checked.result,
            queued=checked.queued,
            dead=checked.dead,
            found=checked.found,
            **({"reason": checked.reason} if checked.reason else {}),
            http_calls=meter.calls,
            tokens=meter.tokens,
            ms=round((time.monotonic() - began) * 1000),
        )


def _told(ran: ExecutionResult) -> dict[str, object]:
    """What the line says besides the result; no customer data."""
    record = ran.record
    if record is None:
        return {"why": ran.why} if ran.why else {}
    told = {
        "draft": record.progress.draft_number,
        "booked": record.progress.booked_number,
        "adopted": record.progress.adopted or None,
        "reason": record.failure.reason if record.failure else None,
        "log_id": record.failure.log_id if record.failure else None,
    }
    return {key: value for key, value in told.items() if value}
