"""A run of payments as bytes: CSV as the exports file describes it, JSON lines, or one JSON document."""

import csv
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from config.reconcile_schema import Payments
from worker.domain.payments import Payment, PaymentRun


def file_name(run: PaymentRun, settings: Payments) -> str:
    """Return for example ``payments-main-000012.csv``: the same run has the same name for ever."""
    return f"payments-{run.export}-{run.number:06d}.{settings.format}"


def file_content(run: PaymentRun, settings: Payments) -> bytes:
    """Return the file of a run; the same run gives the same bytes."""
    if settings.format == "jsonl":
        lines = (json.dumps(payment_data(each), ensure_ascii=False) for each in run.payments)
        return "".join(f"{line}\n" for line in lines).encode()
    text = io.StringIO()
    writer = csv.writer(text, delimiter=settings.delimiter, lineterminator="\r\n")
    if settings.header:
        writer.writerow(settings.columns)
    for payment in run.payments:
        values = payment_data(payment)
        writer.writerow([_written(values[column], settings) for column in settings.columns])
    return text.getvalue().encode()


def document(run: PaymentRun) -> bytes:
    """Return the run as one JSON document, as it is sent by POST."""
    payments = [payment_data(each) for each in run.payments]
    data = {"export": run.export, "run": run.number, "at": run.at, "payments": payments}
    return json.dumps(data, ensure_ascii=False).encode()


def payment_data(payment: Payment) -> Mapping[str, Any]:
    """Return one payment with the names that columns and JSON use; amounts are texts with two decimals."""
    return {
        "paymentId": payment.payment_id,
        "kind": payment.kind.value,
        "invoiceNumber": payment.invoice_number,
        "amount": f"{payment.amount:.2f}",
        "date": payment.date,
        "currency": payment.currency,
        "exchangeRate": None if payment.rate is None else str(payment.rate),
        "remainder": f"{payment.remainder:.2f}",
        "customerNumber": payment.customer,
        "region": payment.region,
        "invoiceId": payment.id,
    }


def _written(value: Any, settings: Payments) -> str:
    if value is None:
        return ""
    text = str(value)
    return text.replace(".", settings.decimal) if _is_amount(text) else text


def _is_amount(text: str) -> bool:
    """Whether it is a number with a decimal sign; ids and dates have none."""
    try:
        return "." in text and Decimal(text).is_finite()
    except ArithmeticError:
        return False
