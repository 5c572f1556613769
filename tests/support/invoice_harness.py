"""Works of the invoice method: invoices that it exports, and what it sent."""

from typing import Any

from support.harness import EXPORT, Works
from support.samples import customer, invoice

from config.exports import Booking, Export
from worker.domain.invoice import Invoice

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"


def one(*lines: Any, **changes: Any) -> Invoice:
    return invoice(*lines, **({"customer": KNOWN} | changes))


def exported(works: Works, *invoices: Invoice) -> Works:
    works.close_period(*invoices)
    works.until_rest()
    return works


def writes(works: Works) -> list[str]:
    entries = works.sandbox.world.journal.entries
    return [f"{entry.method} {entry.path}" for entry in entries if entry.method != "GET"]


def with_booking(**booking: Any) -> Export:
    return EXPORT.model_copy(update={"booking": Booking(**booking)})
