"""Schema of a voucher (e-conomic REST docs, "Journals"; schema of ``POST /journals/{n}/vouchers``).

There is no ``customerInvoices`` array; sending one posts nothing.
"""

from worker.sandbox.resources.fields import Schema, day, integer, many, nested, number, reference, text
from worker.sandbox.resources.lookup import Link
from worker.sandbox.state import Json

CODE = text(3, shortest=3)
VAT_CODE = text(5)
SHARED: Schema = {
    "amount": number(required=True),
    "date": day(required=True),
    "contraAccount": reference("accountNumber"),
    "contraVatAccount": reference("vatCode", VAT_CODE),
    "contraVatAmount": number(),
    "text": text(250),
    "currency": reference("code", CODE),
    "exchangeRate": number(6, minimum=0),
}
FINANCE: Schema = {
    **SHARED,
    "account": reference("accountNumber", required=True),
    "vatAccount": reference("vatCode", VAT_CODE),
    "vatAmount": number(),
}
CUSTOMER_INVOICE: Schema = {
    **SHARED,
    "customer": reference("customerNumber"),
    "customerInvoice": integer(),
    "dueDate": day(),
}
#: The examples' spelling of the same property, read under the switch ``customer_invoice_name``.
CUSTOMER_INVOICE_NUMBERED: Schema = {
    name if name != "customerInvoice" else "customerInvoiceNumber": rule for name, rule in CUSTOMER_INVOICE.items()
}
#: Kinds of entry that the sandbox keeps, and the singular in ``entryTypeRestrictedTo`` (its spelling is inferred).
KINDS = {"financeVouchers": "financeVoucher", "manualCustomerInvoices": "manualCustomerInvoice"}
#: Kinds that e-conomic has and the sandbox does not.
NOT_KEPT = ("customerPayments", "supplierInvoices", "supplierPayments")

ENTRY_LINKS = (
    Link(path=("account", "accountNumber"), table=lambda a: a.accounts),
    Link(path=("contraAccount", "accountNumber"), table=lambda a: a.accounts),
    Link(path=("vatAccount", "vatCode"), table=lambda a: a.vat_accounts),
    Link(path=("contraVatAccount", "vatCode"), table=lambda a: a.vat_accounts),
    Link(path=("customer", "customerNumber"), table=lambda a: a.customers),
    Link(path=("currency", "code"), table=lambda a: a.currencies),
)


def schema(customer_invoice_name: str = "customerInvoice") -> Schema:
    """Return the schema of a voucher, with the name under which the customer's invoice number is read."""
    numbered = customer_invoice_name == "customerInvoiceNumber"
    return {
        "accountingYear": reference("year", text(10, shortest=1), required=True),
        "voucherNumber": integer(),
        "journal": reference("journalNumber"),
        "entries": nested(
            {
                "financeVouchers": many(FINANCE),
                "manualCustomerInvoices": many(CUSTOMER_INVOICE_NUMBERED if numbered else CUSTOMER_INVOICE),
            },
            required=True,
        ),
    }


def entries_of(voucher: Json) -> list[tuple[str, Json]]:
    """Return every entry of a voucher with its kind, in the order of the voucher."""
    return [(kind, entry) for kind in KINDS for entry in voucher["entries"].get(kind, [])]


def invoice_number(entry: Json) -> int | None:
    """Return the invoice number of a manual customer invoice, whichever name was read."""
    return entry.get("customerInvoice", entry.get("customerInvoiceNumber"))
