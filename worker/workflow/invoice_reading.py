"""One invoice as e-conomic holds it at this moment: its customer, and what was posted, read for a person who asks."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord, Progress
from worker.economic.mapping.master_data import EconomicCustomer
from worker.errors import ExportError, Failure
from worker.workflow.context import ExportContext
from worker.workflow.customer_proof import matching_customer

#: Characters of an answer that are shown.
_LONGEST = 60_000
_REMOVED = "(removed)"


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerReading:
    """An invoice's customer, as e-conomic held it."""

    #: Seconds since the epoch, UTC, by the clock of the store.
    at: float
    #: None: it is not there, or ``failure`` says why nobody knows.
    customer: EconomicCustomer | None = None
    failure: Failure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentReading:
    """What was posted of an invoice, word for word."""

    at: float
    #: Path of the resource that was read; empty: nothing of the invoice is known to be posted.
    path: str = ""
    #: Its JSON, for reading; empty: it is not there, or ``failure`` says why nobody knows.
    text: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceReader:
    """Reads for one export, a call or a few at each request of a person, behind all exports in the line of calls."""

    context: ExportContext
    #: Reads any single resource by its path; None: e-conomic says that it is not there.
    resource: Callable[[str], Mapping[str, Any] | None]
    #: Path of a voucher by its journal and key.
    voucher_path: Callable[[int, str], str]

    def customer(self, record: InvoiceRecord) -> CustomerReading:
        """Return the customer that the invoice was, or would be, posted to. Raises ``StoreUnavailable``."""
        at, number = self.context.clock(), record.progress.customer_number
        try:
            if number:
                found = next(iter(self.context.economic.customers_by_number([number])), None)
            else:
                found = matching_customer(self.context, Invoice.model_validate_json(record.content).customer)
        except ExportError as error:
            return CustomerReading(at=at, failure=error.failure)
        return CustomerReading(at=at, customer=found)

    def document(self, record: InvoiceRecord) -> DocumentReading:
        """Return what was posted. Raises ``StoreUnavailable``."""
        at, path = self.context.clock(), self._path(record.progress)
        if not path:
            return DocumentReading(at=at)
        try:
            body = self.resource(path)
        except ExportError as error:
            return DocumentReading(at=at, path=path, failure=error.failure)
        export = self.context.export
        secrets = (export.grant_token.get_secret_value(), export.app_secret_token.get_secret_value())
        return DocumentReading(at=at, path=path, text=shown(body, secrets) if body is not None else "")

    def _path(self, progress: Progress) -> str:
        if progress.booked_number:
            return f"/invoices/booked/{progress.booked_number}"
        if progress.voucher and progress.journal:
            return self.voucher_path(progress.journal, progress.voucher)
        return f"/invoices/drafts/{progress.draft_number}" if progress.draft_number else ""


def shown(body: Any, secrets: Iterable[str]) -> str:
    """Return JSON for reading, without secrets, should any have got into it."""
    text = json.dumps(body, indent=2, ensure_ascii=False, default=str)
    for secret in filter(None, secrets):
        text = text.replace(secret, _REMOVED)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n…"
