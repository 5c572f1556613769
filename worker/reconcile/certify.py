"""Certificates made by themselves: after an export and at night, claimed, kept, or put off until there is an answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from config.settings_sections import Certificates
from worker.domain.certificate import Certificate, read_certificate, stored
from worker.domain.reconcile_ports import CertificatePort
from worker.domain.store_port import OperatorPort
from worker.errors import ExportError, LeaseLost, Retryable, Stopped, Uncertain
from worker.reconcile.attach import Attacher
from worker.reconcile.match_credits import CreditMatcher
from worker.reconcile.reconciler import Reconciler

log = structlog.get_logger()

#: Seconds for which a period's certificate belongs to one worker: longer than reading any period takes.
_LEASE = 900.0
#: Seconds until the next try: where e-conomic gave no answer or lags behind, and where a person has to act first.
_SOON, _LATER = 60.0, 21_600.0
#: Seconds for which PDFs are attached before the claim could run out; what is left is found by the next reading.
_ATTACH_FOR = 600.0


class CertificateStore(CertificatePort, OperatorPort, Protocol):
    """What certificates need of the store."""


def make_certificate(store: CertificateStore, period_id: str, reconciler: Reconciler) -> Certificate | None:
    """Read a period back; None when there is no such period. Raises what ``Reconciler.certificate`` raises."""
    period, before = store.period(period_id), last_certificate(store, period_id)
    if period is None:
        return None
    records = list(store.invoices(period_id, None))
    return reconciler.certificate(period, records, accepted=store.acceptances(period_id), before=before)


def last_certificate(store: CertificateStore, period_id: str) -> Certificate | None:
    """Return the last certificate of a period, None when it has none."""
    kept = store.certificates(period_id)
    last = store.certificate(kept[-1].id) if kept else None
    return read_certificate(last) if last else None


def keep_certificate(store: CertificateStore, certificate: Certificate, *, claimed: str = "") -> str:
    """Keep a certificate and the work that it leaves; return its id."""
    kept = stored(certificate)
    store.add_certificate(kept, certificate.differences, claimed=claimed)
    return kept.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Certifier:
    """Makes the certificates that are due."""

    store: CertificateStore
    settings: Certificates
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Makes what attaches the PDFs of a claimed period; None: nothing is ever attached.
    attacher: Callable[[Reconciler, str, str], Attacher] | None = None
    #: The same of what matches its credit notes.
    matcher: Callable[[Reconciler, str, str], CreditMatcher] | None = None

    def due(self) -> list[tuple[str, str]]:
        """Return (period id, export) of what is to be read back now; at night, make what is recent due."""
        if self.settings.nightly:
            self._begin_night()
        return list(self.store.reconciles_due()) if self.settings.after_export or self.settings.nightly else []

    def _begin_night(self) -> None:
        now = datetime.fromtimestamp(self.clock(), UTC)
        if now.hour >= self.settings.nightly_hour:
            since = now - timedelta(days=self.settings.nightly_days)
            self.store.schedule_reconciles(f"{now:%Y-%m-%d}", since=since.timestamp())

    def run(self, period_id: str, reconciler: Reconciler) -> str:
        """Make a due certificate and write the canonical log line; return what came of it.

        Raises ``StoreUnavailable``, and what this program was not written for.
        """
        began = time.monotonic()
        claimed = self.store.claim_reconcile(period_id, lease=_LEASE)
        if claimed is None:
            return "claimed-elsewhere"
        with structlog.contextvars.bound_contextvars(period=period_id):
            try:
                certificate = self._make(period_id, claimed, reconciler)
            except LeaseLost:
                return "lease-lost"
            except Stopped:
                self.store.defer_reconcile(period_id, claimed, until=self.clock())
                log.info("period_certificate", result="given-back")
                return "given-back"
            except ExportError as error:
                return self._put_off(period_id, claimed, error)
            if certificate is None or not certificate.complete:
                self.store.defer_reconcile(period_id, claimed, until=self.clock() + _SOON)
                log.info("period_certificate", result="incomplete")
                return "incomplete"
            key = keep_certificate(self.store, certificate, claimed=claimed)
            log.info(
                "period_certificate",
                result="kept",
                certificate=key,
                invoices=len(certificate.findings),
                differences=len(certificate.differences),
                http_calls=certificate.reading.calls,
                ms=round((time.monotonic() - began) * 1000),
            )
        return "kept"

    def _make(self, period_id: str, claimed: str, reconciler: Reconciler) -> Certificate | None:
        """Read the period; where PDFs belong on what is booked, attach them first and read once more."""
        period, before = self.store.period(period_id), last_certificate(self.store, period_id)
        if period is None:
            return None
        read = reconciler.read(list(self.store.invoices(period_id, None)), before=before)
        work = reconciler.to_attach(read) if self.attacher else []
        done = 0
        if work and self.attacher:
            until = self.clock() + _ATTACH_FOR
            done = self.attacher(reconciler, period_id, claimed).attach(work, until=until, clock=self.clock)
            log.info("period_attachments", to_attach=len(work), settled=done)
        if self.matcher and reconciler.context.export.corrections.match:
            matched = self.matcher(reconciler, period_id, claimed).match(list(read.records.values()), read.invoices)
            log.info("period_credits", sent=matched)
            done += matched
        if work or done:
            read = reconciler.read(list(self.store.invoices(period_id, None)), before=before)
        return reconciler.certify(period, read, accepted=self.store.acceptances(period_id))

    def _put_off(self, period_id: str, claimed: str, error: ExportError) -> str:
        """Nothing of an export depends on its certificate, so none is paused for it."""
        passes = isinstance(error, Retryable | Uncertain)
        wait = max(_SOON, getattr(error, "retry_after", None) or 0.0) if passes else _LATER
        self.store.defer_reconcile(period_id, claimed, until=self.clock() + wait)
        log.warning(
            "period_certificate",
            result="deferred",
            reason=error.failure.reason,
            why=error.failure.description,
            next_step=error.failure.next_step,
        )
        return "deferred"
