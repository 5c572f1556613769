"""An invoice as e-conomic holds it, read when a person asks: the customer, and for operators request and answer."""

import json
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from config.exports import ExportConfig
from worker.domain.access import Action
from worker.domain.invoice import Invoice
from worker.domain.record import Intent, InvoiceRecord
from worker.web.guard import page
from worker.web.language import mark
from worker.web.services import Services
from worker.web.visit import Visit
from worker.workflow.invoice_reading import shown

#: What is compared, as both sides call it in this program.
FIELDS = {
    "name": mark("Name"),
    "corporate_id": mark("Corporate id"),
    "vat_number": mark("VAT number"),
    "ean": mark("EAN"),
    "address": mark("Address"),
    "zip": mark("Postal code"),
    "city": mark("City"),
    "country": mark("Country"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SentRequest:
    """A frozen request as a person reads it."""

    intent: Intent
    body: str


def routes(services: Services) -> list[Route]:
    """Return the two forms; each asks e-conomic, so neither is a link that a browser or a search may follow."""
    return [
        page("/invoices/{invoice}/customer", services, _customer, post=Action.CHECK),
        page("/invoices/{invoice}/requests", services, _requests, post=Action.SEE_REQUESTS),
    ]


def _customer(visit: Visit) -> Response:
    record, export = _find(visit)
    if record is None:
        return visit.render("error.html", status=404, failure=None)
    visit.rights.require(Action.CHECK, record.export)
    if export is None:
        return _no_export(visit, record)
    with visit.services.reader(export) as reader:
        reading = reader.customer(record)
    invoice = Invoice.model_validate_json(record.content)
    theirs, ours = reading.customer, invoice.customer
    rows = [
        (name, getattr(ours, field) or "", getattr(theirs, field) if theirs else "") for field, name in FIELDS.items()
    ]
    return visit.render(
        "customer_reading.html", record=record, invoice=invoice, reading=reading, rows=rows, theirs=theirs
    )


def _requests(visit: Visit) -> Response:
    record, export = _find(visit)
    if record is None:
        return visit.render("error.html", status=404, failure=None)
    visit.rights.require(Action.SEE_REQUESTS, record.export)
    if export is None:
        return _no_export(visit, record)
    with visit.services.reader(export) as reader:
        reading = reader.document(record)
    return visit.render("requests_reading.html", record=record, reading=reading, sent=_sent(record, export))


def _sent(record: InvoiceRecord, export: ExportConfig) -> SentRequest | None:
    """Return the request whose outcome is not known yet; that of an outcome that is known is kept nowhere."""
    intent = record.progress.intent
    if intent is None:
        return None
    secrets = (export.grant_token.get_secret_value(), export.app_secret_token.get_secret_value())
    try:
        body = shown(json.loads(intent.body), secrets)
    except ValueError:
        body = shown(intent.body, secrets)
    return SentRequest(intent=intent, body=body)


def _no_export(visit: Visit, record: InvoiceRecord) -> Response:
    return visit.render("no_export.html", status=409, record=record)


def _find(visit: Visit) -> tuple[InvoiceRecord | None, ExportConfig | None]:
    record = visit.services.store.invoice(visit.request.path_params["invoice"])
    return record, visit.services.exports.get(record.export) if record else None
