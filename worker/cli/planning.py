"""Plans of what a person names: an event, or a period that the ledger knows."""

from worker.cli.bringing import read, read_whole
from worker.cli.finding import find_period
from worker.cli.tools import Tools
from worker.invoicing.period import NewInvoice
from worker.invoicing.plans.plan import Plan
from worker.invoicing.record import InvoiceRecord


def plan_event(tools: Tools, raw: bytes, *, again: bool = False) -> Plan:
    """Return the plan of an event, files that it refers to included. Raises ``WrongUsage`` and ``ExportError``."""
    export = tools.export(read(tools, raw).data.export)
    found = read_whole(tools, raw)
    with tools.planner(export) as planner:
        return planner.plan(found.period.id, found.invoices, again=again)


def plan_period(tools: Tools, text: str, *, again: bool = False) -> Plan:
    """Return the plan of a period by its id, or Opter's name of it. Raises ``WrongUsage`` and ``ExportError``."""
    with tools.ledger() as ledger:
        period = find_period(ledger, text)
        invoices = [_given(record) for record in ledger.invoices(period.id, None)]
    with tools.planner(tools.export(period.export)) as planner:
        return planner.plan(period.id, invoices, again=again)


def _given(record: InvoiceRecord) -> NewInvoice:
    return NewInvoice(
        id=record.id,
        export=record.export,
        invoice_number=record.invoice_number,
        invoice_type=record.invoice_type,
        region=record.region,
        content=record.content,
        content_hash=record.content_hash,
    )
