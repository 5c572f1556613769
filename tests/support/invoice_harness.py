"""The harness with the invoice method: invoices that it exports, and what it sent."""

from typing import Any

from support.harness import EXPORT, Harness
from support.samples import customer, invoice

from config.export_schema import Booking
from config.exports import ExportConfig
from worker.domain.invoice import Invoice

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"


def sample(*lines: Any, **changes: Any) -> Invoice:
    return invoice(*lines, **({"customer": KNOWN} | changes))


def exported(harness: Harness, *invoices: Invoice) -> Harness:
    harness.close_period(*invoices)
    harness.until_rest()
    return harness


def writes(harness: Harness) -> list[str]:
    entries = harness.sandbox.server_state.request_log.entries
    return [f"{entry.method} {entry.path}" for entry in entries if entry.method != "GET"]


def with_booking(**booking: Any) -> ExportConfig:
    return EXPORT.model_copy(update={"booking": Booking(**booking)})
