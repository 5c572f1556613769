"""One invoice in full, for people and for scripts: what is wrong, what e-conomic has, what to do, its history."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import data_of, facts, page, section, table
from worker.cli.language import mark, say
from worker.cli.lookup import title
from worker.cli.words import described, history_detail, history_words, state_word
from worker.domain.invoice import Invoice, InvoiceType
from worker.domain.record import InvoiceRecord, State
from worker.errors import Failure

_STATE_STYLES = {State.EXPORTED: "good", State.DEAD: "bad"}
_KINDS: Mapping[str, str] = {
    InvoiceType.INVOICE: mark("invoice"),
    InvoiceType.CORRECTION: mark("correction"),
    InvoiceType.INTEREST: mark("interest"),
    InvoiceType.MANUAL: mark("manual"),
    InvoiceType.COMMISSION_DISCOUNT: mark("commission-discount"),
}


def invoice_view(record: InvoiceRecord) -> RenderableType:
    """Return everything that a bookkeeper needs to know about one invoice."""
    return page(
        Text.assemble(
            (say("Invoice {number}", number=record.invoice_number), "title"),
            (f"  {record.id} · ", "quiet"),
            (state_word(record.state), _STATE_STYLES.get(record.state, "wait")),
        ),
        Text(),
        facts(_about(record)),
        section(say("Why"), facts(_why(record.failure))) if record.failure else None,
        section(say("What to do"), say(record.failure.next_step)) if record.failure else None,
        section(say("Done differently from the source"), *remarks) if (remarks := record.progress.remarks) else None,
        section(say("History"), _history(record)),
    )


def invoice_data(record: InvoiceRecord) -> dict[str, Any]:
    """Return the same for scripts."""
    progress = record.progress
    return {
        "id": record.id,
        "export": record.export,
        "periods": list(record.periods),
        "invoiceNumber": record.invoice_number,
        "state": record.state.value,
        "outcome": record.outcome,
        "attempts": record.attempts,
        "dueAt": formatting.iso(record.due_at),
        "receivedAt": formatting.iso(record.received_at),
        "updatedAt": formatting.iso(record.updated_at),
        "customerNumber": progress.customer_number,
        "draftNumber": progress.draft_number,
        "bookedNumber": progress.booked_number,
        "voucher": progress.voucher,
        "alreadyThere": progress.adopted,
        "remarks": list(progress.remarks),
        "failure": failure_data(record.failure),
        "invoice": Invoice.model_validate_json(record.content).model_dump(mode="json", by_alias=True),
        "history": [
            {"at": formatting.iso(entry.at), "event": entry.event, "detail": entry.detail} for entry in record.history
        ],
    }


def gross_of(record: InvoiceRecord) -> str:
    """Return what the customer owes by it: ``1 250.00 DKK``."""
    content = json.loads(record.content)
    return f"{formatting.money(Decimal(content['gross']))} {content['currency']}"


def _about(record: InvoiceRecord) -> list[tuple[str, RenderableType]]:
    invoice = Invoice.model_validate_json(record.content)
    progress = record.progress
    net, vat, gross = map(formatting.money, (invoice.net, invoice.vat, invoice.gross))
    amounts = say(
        "net {net}, VAT {vat}, gross {gross} {currency}", net=net, vat=vat, gross=gross, currency=invoice.currency
    )
    return [
        (say("Customer"), f"{invoice.customer.code} {invoice.customer.name}"),
        (say("Dates"), say("{date}, due {due}", date=invoice.invoice_date, due=invoice.due_date)),
        (say("Amounts"), amounts),
        (say("Kind"), say(_KINDS.get(record.invoice_type, record.invoice_type))),
        (say("Period"), ", ".join(record.periods)),
        (say("Attempts"), str(record.attempts)),
        (say("Next try"), formatting.moment(record.due_at) if record.state is State.WAITING else ""),
        (say("In e-conomic"), _in_economic(record)),
        (say("Customer number"), str(progress.customer_number or "")),
    ]


def _in_economic(record: InvoiceRecord) -> str:
    progress = record.progress
    draft = progress.draft_number if not progress.booked_number else None
    parts = [
        say("booked invoice {number}", number=progress.booked_number) if progress.booked_number else "",
        say("draft {number}", number=draft) if draft else "",
        say("voucher {number}", number=progress.voucher) if progress.voucher else "",
        say("(was already there)") if progress.adopted else "",
    ]
    return " ".join(filter(None, parts))


def _why(failure: Failure) -> list[tuple[str, RenderableType]]:
    return [
        (say("Reason"), Text.assemble((title(failure.reason), "bad"), (f"  {failure.reason}", "quiet"))),
        (say("Description"), described(failure.description)),
        (say("Field"), failure.field),
        (say("Value"), failure.value),
        (say("e-conomic says"), failure.remote_message),
        (say("e-conomic's log id"), failure.log_id),
    ]


def _history(record: InvoiceRecord) -> RenderableType:
    rows = table(say("When"), say("What"), say("Detail"))
    for entry in record.history:
        rows.add_row(formatting.moment(entry.at), history_words(entry.event), history_detail(entry.detail))
    return rows


def failure_data(failure: Failure | None) -> dict[str, str] | None:
    """Return why an invoice failed, for scripts."""
    return data_of(failure) if failure else None
