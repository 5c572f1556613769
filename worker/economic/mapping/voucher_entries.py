"""A voucher's entries as the journals service takes them, each by itself (its documentation, ``DraftEntry``)."""

from collections.abc import Sequence
from typing import Any

from worker.domain.invoice import Invoice
from worker.economic.mapping.voucher_payload import CUSTOMER, FINANCE, Voucher

#: ``entryTypeNumber`` of the two kinds.
_TYPES = {FINANCE: 5, CUSTOMER: 10}
#: Property of legacy REST and what is referred to in it -> the service's property.
_NAMES = {
    ("account", "accountNumber"): "accountNumber",
    ("contraAccount", "accountNumber"): "contraAccountNumber",
    ("vatAccount", "vatCode"): "vatCode",
    ("contraVatAccount", "vatCode"): "contraVatCode",
    ("customer", "customerNumber"): "customerNumber",
    ("currency", "code"): "currency",
}
_SAME = ("date", "amount", "text", "dueDate", "exchangeRate")


def draft_entries(voucher: Voucher, invoice: Invoice, series: tuple[int, int] | None) -> list[dict[str, Any]] | None:
    """Return the same entries; None when they would not stay together.

    Entries make one voucher by its number, which is the invoice's where the journal's ``series`` holds it. Without a
    number e-conomic gives each entry its own, which a single one may have. The customer's entry carries the invoice's
    number as a text (``customerInvoiceNumber``).
    """
    rows = [(kind, entry) for kind, entries in voucher.payload["entries"].items() for entry in entries]
    number = invoice.invoice_number
    named = {"voucherNumber": number} if series and series[0] <= number <= series[1] else {}
    if len(rows) > 1 and not named:
        return None
    return [
        {
            "entryTypeNumber": _TYPES[kind],
            "journalNumber": voucher.journal,
            **named,
            **{name: entry[part][leaf] for (part, leaf), name in _NAMES.items() if part in entry},
            **{name: entry[name] for name in _SAME if name in entry},
            **({"customerInvoiceNumber": str(number)} if kind == CUSTOMER else {}),
        }
        for kind, entry in rows
    ]


def bulk_body(parts: Sequence[str], name: str) -> str:
    """Return the body of a call from its parts, each a canonical JSON array; ``name`` is the property that has them."""
    entries = f"[{','.join(part[1:-1] for part in parts)}]"
    return f'{{"{name}":{entries}}}' if name else entries
