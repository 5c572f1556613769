"""Plans of the in-process works, and what they foretold compared with what was sent."""

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

#: A number that e-conomic gives: below one in a plan, any in the journal.
GIVEN = "(given)"

#: Method, path, body.
Write = tuple[str, str, Any]


class PlanBench(Bench):
    """The command line over the works: their ledger, and their e-conomic behind the planner."""

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
    """Return the planner of the works' one export."""
    return Planner(
        export=harness.export,
        economic=harness.client,
        store=harness.store,
        pdfs=harness.context.pdfs,
        clock=harness.clock,
        sleep=harness.clock.advance,
        spent=lambda: len(harness.sandbox.server_state.request_log.entries),
    )


def planned(harness: Harness, *invoices: Invoice, again: bool = False) -> Plan:
    """Plan these invoices, in the order of their numbers."""
    ordered = sorted(invoices, key=lambda one: one.invoice_number)
    return planner(harness).plan(PERIOD, [_new(one) for one in ordered], again=again)


def methods(harness: Harness, *, since: int = 0) -> set[str]:
    """Return the methods of all requests that e-conomic has seen."""
    return {entry.method for entry in harness.sandbox.server_state.request_log.entries[since:]}


def promised(plan: Plan) -> list[Write]:
    """Return every write of a plan, in no order; numbers that only e-conomic knows are made alike."""
    requests = [one.request for one in (*plan.customers, *plan.products)]
    requests += plan.updates
    requests += [request for invoice in plan.invoices for request in invoice.requests]
    names = {int(one.number): _read(one.request.body)["name"] for one in plan.customers}
    return sorted((_write(one.method, one.path, _read(one.body), names) for one in requests), key=repr)


def sent(harness: Harness, *, since: int = 0) -> list[Write]:
    """Return every write that e-conomic has seen, likewise."""
    entries = [one for one in harness.sandbox.server_state.request_log.entries[since:] if one.method != "GET"]
    created = {one.body["name"] for one in entries if one.path == "/customers"}
    everyone = harness.sandbox.agreement.customers
    names = {number: body["name"] for number, body in everyone.items() if body["name"] in created}
    return sorted((_write(one.method, one.path, one.body, names) for one in entries), key=repr)


def _write(method: str, path: str, body: Any, names: Mapping[int, str]) -> Write:
    path = re.sub(r"/vouchers/[^/]+/", f"/vouchers/{GIVEN}/", path)
    if not isinstance(body, dict):
        return method, path, None  # a file, which the journal does not keep
    told = dict(body)
    for field in ("draftInvoice", "entryNumbers"):
        told |= {field: GIVEN} if field in told else {}
    return method, path, _with_names(told, names)


def _with_names(body: Any, names: Mapping[int, str]) -> Any:
    """Return the body with new customers called by their names."""
    if isinstance(body, list):
        return [_with_names(one, names) for one in body]
    if not isinstance(body, dict):
        return body
    return {
        key: names.get(value, value) if key == "customerNumber" else _with_names(value, names)
        for key, value in sorted(body.items())
    }


def _read(body: str) -> Any:
    return json.loads(body, parse_float=Decimal) if body.startswith("{") else None


def _new(one: Invoice) -> NewInvoice:
    return NewInvoice(
        id=invoice_id_of("main", None, one.invoice_number),
        export="main",
        invoice_number=one.invoice_number,
        invoice_type=one.invoice_type.value,
        region=None,
        content=one.canonical(),
        content_hash=one.content_hash(),
    )
