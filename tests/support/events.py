"""Builders of events: valid unless a test says otherwise, as dictionaries in the wire's spelling."""

import json
from collections.abc import Callable, Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.samples import invoice

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.intake.file_sources import FileSources
from worker.intake.reading import Reader
from worker.intake.web_sources import Fetch, Resolve, Web, WebRules


def wire(source: Invoice) -> dict[str, Any]:
    """Return an invoice as it is in an event."""
    document: dict[str, Any] = source.model_dump(mode="json", by_alias=True)
    return document


def invoices(count: int, *, first: int = 100001) -> list[dict[str, Any]]:
    """Return that many invoices of 1000.00 + 250.00 DKK, numbered from ``first``."""
    return [wire(invoice(invoice_number=first + n)) for n in range(count)]


def event(items: list[dict[str, Any]] | None = None, *, event_id: str = "e-1", **data: Any) -> dict[str, Any]:
    """Return an event with these invoices (two by default); its count and control totals follow from them."""
    items = invoices(2) if items is None else items
    body = {
        "export": "main",
        "trigger": "period-closed",
        "period": {"id": 881, "name": "2026-47A", "region": None, "closedAt": "2026-11-20T15:04:05Z"},
        "invoiceCount": len(items),
        "controlTotals": _totals(items),
        "invoices": items,
    }
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/opter/acme/1",
        "type": "opter.invoice-period.closed.v1",
        "data": {key: value for key, value in (body | data).items() if value is not ...},
    }


def raw(document: Any) -> bytes:
    """Return the bytes on the queue."""
    return json.dumps(document).encode()


def no_fetch(url: str, *, address: str) -> Any:
    """Stand in for the web where nothing may be fetched."""
    raise AssertionError(f"nothing should be fetched, but {url} was, at {address}")


def reader(  # noqa: PLR0913  # one keyword for each thing that a test may be about
    *exports: ExportConfig,
    folders: tuple[Path, ...] = (),
    rules: WebRules | None = None,
    fetch: Fetch = no_fetch,
    resolve: Resolve = lambda host, port: ["93.184.215.14"],  # noqa: ARG005  # the signature of Resolve
    clock: Callable[[], float] = lambda: 0.0,
    limit: int = 1 << 20,
    in_file: Callable[[], Collection[str]] = tuple,
    most_kept: int = 100_000,
) -> Reader:
    """Return a reader that knows these exports and places."""
    web = Web(rules or WebRules(), fetch=fetch, resolve=resolve, clock=clock)
    known = {export.name: export for export in exports}
    return Reader(known, FileSources(folders, web), invoices_file_limit=limit, in_file=in_file, most_kept=most_kept)


def _totals(items: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "currency": currency,
            **{
                field: str(
                    sum((Decimal(item[field]) for item in items if item["currency"] == currency), Decimal("0.00"))
                )
                for field in ("net", "vat", "gross")
            },
        }
        for currency in sorted({item["currency"] for item in items})
    ]
