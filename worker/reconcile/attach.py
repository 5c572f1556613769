"""Printed invoices attached to what is booked: exactly once, whoever dies in between and whatever answer is lost.

The intent is saved before the upload. What became of an upload without an answer is learned from what is attached, or
from e-conomic's memory of the key; a new request is allowed only by a reading without the document that is younger than
that memory. e-conomic is asked to refuse a second document, so that not even a wrong reading can attach one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from worker.domain.attachment import AttachmentState, AttachmentStep, PdfAttachment, next_attachment_step
from worker.domain.identity import idempotency_key
from worker.domain.invoice import Pdf
from worker.domain.reconcile_ports import CertificatePort
from worker.domain.record import InvoiceRecord
from worker.economic.failures import KEY_CLASHES
from worker.errors import Misconfigured, Refused, Rejected, Retryable, Uncertain
from worker.workflow.context import ExportContext

log = structlog.get_logger()

_CONFLICT = "DocumentAlreadyAttachedToVoucher"


class DocumentWriter(Protocol):
    """The one call that attaches."""

    def attach_document(self, path: str, year: str, voucher: int, pdf: bytes, *, key: str) -> int | None:
        """See ``worker.economic.vouchers.Vouchers``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToAttach:
    """One booked invoice, and what a reading saw of it."""

    record: InvoiceRecord
    pdf: Pdf
    year: str
    voucher: int
    #: Numbers of the documents attached; None: they cannot be listed.
    documents: tuple[int, ...] | None

    def step(self, *, now: float, key_memory: float) -> AttachmentStep:
        """Return what is to be done."""
        return next_attachment_step(self.record.pdf, self.documents, now=now, key_memory=key_memory)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attacher:
    """Attaches the PDFs of one claimed period."""

    context: ExportContext
    writer: DocumentWriter
    store: CertificatePort
    #: Path of the documents service.
    path: str
    period: str
    #: What ``claim_reconcile`` gave: whoever has lost it writes nothing.
    claimed: str

    def attach(self, work: Sequence[ToAttach], *, until: float, clock: Callable[[], float]) -> int:
        """Do what is to be done of each until the time is over; return how many were settled.

        Raises ``LeaseLost``, ``Retryable`` and ``Misconfigured``: what is left is found by the next reading.
        """
        settled = 0
        for each in work:
            if clock() >= until:
                break
            settled += self._one(each)
        return settled

    def _one(self, each: ToAttach) -> bool:
        now, known = self.context.clock(), each.record.pdf
        step = each.step(now=now, key_memory=self.context.key_memory)
        if step is AttachmentStep.NOTHING:
            return False
        if step is AttachmentStep.ADOPT:
            found = (each.documents or (None,))[0]
            self._save(each, replace(known or _NEW, state=AttachmentState.ATTACHED, document=found), "pdf-found")
            return True
        self.context.check_clocks()
        try:
            content = self.context.pdfs.fetch(each.pdf)
        except Rejected as refusal:
            self._refuse(each, known or _NEW, refusal.failure.reason, refusal.failure.description)
            return True
        return self._upload(each, self._intended(each, known, step, now), content)

    def _intended(self, each: ToAttach, known: PdfAttachment | None, step: AttachmentStep, now: float) -> PdfAttachment:
        if step is AttachmentStep.REPEAT and known is not None:
            return known
        generation = known.generation + 1 if known else 0
        key = idempotency_key(self.context.environment, each.record.id, "attach-booked", generation)
        intent = PdfAttachment(state=AttachmentState.INTENDED, key=key, at=now, generation=generation)
        self._save(each, intent, "pdf-intended")
        return intent

    def _upload(self, each: ToAttach, intent: PdfAttachment, content: bytes) -> bool:
        try:
            number = self.writer.attach_document(self.path, each.year, each.voucher, content, key=intent.key)
        except (Uncertain, Retryable, Misconfigured):
            raise
        except Refused as refusal:
            if refusal.codes & KEY_CLASHES:
                return False  # the next reading tells what is there
            if _CONFLICT not in refusal.codes:
                codes = " ".join(sorted(refusal.codes)) or str(refusal.status)
                self._refuse(each, intent, codes, refusal.failure.description)
                return True
            number = None
        attached = replace(intent, state=AttachmentState.ATTACHED, document=number)
        self._save(each, attached, "pdf-attached", str(number or ""))
        return True

    def _refuse(self, each: ToAttach, known: PdfAttachment, code: str, why: str) -> None:
        detail = f"{code}: {why}"[:500]
        self._save(each, replace(known, state=AttachmentState.REFUSED, detail=detail), "pdf-refused", code)

    def _save(self, each: ToAttach, pdf: PdfAttachment, event: str, detail: str = "") -> None:
        self.store.save_attachment(self.period, self.claimed, each.record.id, pdf, event=event, detail=detail)


_NEW = PdfAttachment(state=AttachmentState.INTENDED)
