"""A plan for scripts: everything in it, requests byte for byte."""

from collections.abc import Sequence
from typing import Any

from worker.cli.console import data_of
from worker.invoicing.plans.fingerprint import plan_hash
from worker.invoicing.plans.plan import Amounts, Created, Fate, Foretold, Plan, PlannedInvoice, Request


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return the plan; amounts of money are strings, and so are the bodies of requests, digit by digit as sent."""
    return {
        "hash": plan_hash(plan),
        "period": plan.period,
        "export": plan.export,
        "method": plan.method,
        "agreement": plan.agreement,
        "fates": {fate.value: plan.fates.get(fate, 0) for fate in Fate},
        "notice": plan.notice,
        "newCustomers": _created(plan.customers),
        "updatedCustomers": [_request(request) for request in plan.updates],
        "newProducts": _created(plan.products),
        "calls": {"reads": plan.cost.reads, "writes": plan.cost.writes},
        "minutes": round(plan.cost.minutes, 1),
        "days": round(plan.cost.days, 2),
        "invoices": [_invoice(one) for one in plan.invoices],
    }


def _created(creations: Sequence[Created]) -> list[dict[str, str]]:
    return [{"number": one.number, "neededBy": one.needed_by, **_request(one.request)} for one in creations]


def _invoice(one: PlannedInvoice) -> dict[str, Any]:
    return {
        "id": one.id,
        "invoiceNumber": one.invoice_number,
        "fate": one.fate.value,
        "state": one.state.value if one.state else None,
        "source": _amounts(one.source) if one.source else None,
        "foretold": _foretold(one.foretold) if one.foretold else None,
        "problems": [data_of(failure) for failure in one.problems],
        "requests": [_request(request) for request in one.requests],
        "remarks": list(one.remarks),
        "found": one.found,
    }


def _foretold(foretold: Foretold) -> dict[str, Any]:
    lines = [
        {"line": one.line, "account": one.account, "vatCode": one.code, "vatRate": str(one.rate)}
        for one in foretold.vat
    ]
    return {**_amounts(foretold.amounts), "certain": foretold.certain, "lines": lines}


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {
        "currency": amounts.currency,
        "net": str(amounts.net),
        "vat": str(amounts.vat),
        "gross": str(amounts.gross),
    }


def _request(request: Request) -> dict[str, str]:
    return {"step": str(request.step), "method": request.method, "path": request.path, "body": request.body}
