"""Bodies of vouchers as the sandbox takes them."""

from decimal import Decimal
from typing import Any

from support.sandbox_calls import send

from worker.sandbox.state import Agreement

D = Decimal
VOUCHERS = "/journals/1/vouchers"
Body = dict[str, Any]


def account(number: int) -> Body:
    return {"accountNumber": number}


def customer_invoice(amount: str = "1250.00", **changes: Any) -> Body:
    return {
        "amount": D(amount),
        "date": "2026-11-20",
        "dueDate": "2026-12-20",
        "text": "Faktura 100353 OPTER-1",
        "customer": {"customerNumber": 1001},
        "customerInvoice": 100353,
        "contraAccount": account(5990),
    } | changes


def finance(amount: str = "-1250.00", **changes: Any) -> Body:
    own = {"amount": D(amount), "date": "2026-11-20", "account": account(3010), "contraAccount": account(5990)}
    return own | {"vatAccount": {"vatCode": "U25"}} | changes


def voucher(*customer_invoices: Body, finances: tuple[Body, ...] = (), year: str = "2026", **changes: Any) -> Body:
    entries = {"manualCustomerInvoices": list(customer_invoices), "financeVouchers": list(finances)}
    return {"accountingYear": {"year": year}, "entries": {k: rows for k, rows in entries.items() if rows}} | changes


def posted(agreement: Agreement, body: Body) -> Body:
    answer = send(agreement, "POST", VOUCHERS, body)
    assert (answer.status, len(answer.body)) == (201, 1)
    result: Body = answer.body[0]
    return result
