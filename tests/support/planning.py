"""Plans made in a harness, and the comparison of what they planned with what was sent."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from support.cli import Bench
from support.harness import PERIOD, Harness

from config.exports import ExportConfig
from worker.domain.identity import invoice_id_of
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.dry_run.plan import Plan
from worker.dry_run.planner import Planner

#: Stands for a number that e-conomic assigns: below one in a plan, any in its request log.
ASSIGNED = "(assigned)"

#: Method, path, body.
Write = tuple[str, str, Any]


class PlanBench(Bench):
    """The command line over a harness: its store, and its e-conomic behind the planner."""

    def __init__(self, harness: Harness) -> None:
        super().__init__(harness.clock)
        self.harness = harness
        self.memory = harness.store
        self.exports = {harness.export.name: harness.export}

    @contextmanager
    def planner(self, export: ExportConfig) -> Iterator[Planner]:
        assert export == self.harness.export
        yield planner(self.harness)


def planner(harness: Harness) -> Planner:
    """Return the planner of the harness's one export."""
    return Planner(
        export=harness.export,
        economic=harness.client,
        store=harness.store,
        pdfs=harness.context.pdfs,
        clock=harness.clock,
        sleep=harness.clock.advance,
        spent=lambda: len(harness.sandbox.server_state.journal.entries),
    )


def planned(harness: Harness, *invoices: Invoice, again: bool = False) -> Plan:
    """Plan these invoices, in this order."""
    return planner(harness).plan(PERIOD, [_new_invoice(invoice) for invoice in invoices], again=again)


def methods(harness: Harness, *, since: int = 0) -> set[str]:
    """Return the methods of all requests that e-conomic has seen."""
    return {entry.method for entry in harness.sandbox.server_state.journal.entries[since:]}


def promised(plan: Plan) -> list[Write]:
    """Return every write of a plan, in no order; numbers that e-conomic assigns are made alike."""
    requests = [created.request for created in (*plan.customers, *plan.products)]
    requests += plan.updates
    requests += [request for invoice in plan.invoices for request in invoice.requests]
    names = {int(customer.number): _parsed(customer.request.body)["name"] for customer in plan.customers}
    return sorted(
        (_write(request.method, request.path, _parsed(request.body), names) for request in requests), key=repr
    )


def sent(harness: Harness, *, since: int = 0) -> list[Write]:
    """Return every write that e-conomic has seen, likewise."""
    entries = [entry for entry in harness.sandbox.server_state.journal.entries[since:] if entry.method != "GET"]
    created = {entry.body["name"] for entry in entries if entry.path == "/customers"}
    everyone = harness.sandbox.agreement.customers
    names = {number: body["name"] for number, body in everyone.items() if body["name"] in created}
    return sorted((_write(entry.method, entry.path, entry.body, names) for entry in entries), key=repr)


def _write(method: str, path: str, body: Any, names: Mapping[int, str]) -> Write:
    path = re.sub(r"/vouchers/[^/]+/", f"/vouchers/{ASSIGNED}/", path)
    if not isinstance(body, dict):
        return method, path, None  # a file, which the request log does not keep
    compared = dict(body)
    for field in ("draftInvoice", "entryNumbers"):
        compared |= {field: ASSIGNED} if field in compared else {}
    return method, path, _with_names(compared, names)


def _with_names(body: Any, names: Mapping[int, str]) -> Any:
    """Return the body with new customers called by their names."""
    if isinstance(body, list):
        return [_with_names(item, names) for item in body]
    if not isinstance(body, dict):
        return body
    return {
        key: names.get(value, value) if key == "customerNumber" else _with_names(value, names)
        for key, value in sorted(body.items())
    }


def _parsed(body: str) -> Any:
    return json.loads(body, parse_float=Decimal) if body.startswith("{") else None


def _new_invoice(invoice: Invoice) -> NewInvoice:
    return NewInvoice(
        id=invoice_id_of("main", None, invoice.invoice_number),
        export="main",
        invoice_number=invoice.invoice_number,
        invoice_type=invoice.invoice_type.value,
        region=None,
        content=invoice.content().text,
        content_hash=invoice.content().sha256,
    )
