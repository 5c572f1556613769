"""A new customer from the invoice's data and the export's defaults (limits: e-conomic REST schema, customers)."""

from typing import Any

from config.exports import Export
from worker.errors import InvalidInvoice
from worker.invoicing import terms
from worker.invoicing.corporate_id import normalised
from worker.invoicing.customers.keys import by_address, ledger_number
from worker.invoicing.invoice import Customer, Invoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import PaymentTerms, ReferenceData
from worker.invoicing.texts import Fitted, Source, fit
from worker.invoicing.vat import check_zone, zone_for


def new_customer(invoice: Invoice, export: Export, reference: ReferenceData) -> dict[str, Any]:
    """Return the body of POST /customers; what is not known is left out. Raises ``InvalidInvoice``."""
    customer, defaults = invoice.customer, export.customers
    check_findable(customer, match_address=defaults.match_address)
    zone = check_zone(zone_for(customer, invoice.lines, export.vat), reference)
    number = ledger_number(customer)
    return {
        **({"customerNumber": number} if number else {}),
        **fitted(customer).texts,
        "currency": defaults.currency,
        "customerGroup": {"customerGroupNumber": _group(export, reference)},
        "layout": {"layoutNumber": defaults.layout},
        "paymentTerms": {"paymentTermsNumber": _terms(invoice, export, reference).number},
        "vatZone": {"vatZoneNumber": zone},
    }


def check_defaults(export: Export, reference: ReferenceData) -> None:
    """Refuse defaults for new customers that the agreement does not have. Raises ``InvalidInvoice``."""
    _group(export, reference)
    if export.customers.payment_terms:
        terms.named(export.customers.payment_terms, reference.payment_terms)


def creation_remarks(customer: Customer) -> tuple[str, ...]:
    """Return what a new customer would not get exactly as Opter has it."""
    unfit = customer.ledger_number and not ledger_number(customer)
    remark = "customer.ledgerNumber: too long for e-conomic, which numbered the customer itself"
    return (*((remark,) if unfit else ()), *fitted(customer).remarks)


def check_findable(customer: Customer, *, match_address: bool) -> None:
    """Refuse a customer whose ledger number does not fit, and that nothing else would ever find again.

    It would be created anew whenever the memory of its number is lost. Raises ``InvalidInvoice``.
    """
    unfit = customer.ledger_number and not ledger_number(customer)
    if unfit and not customer.corporate_id and not (match_address and by_address(customer)):
        text = f"Customer {customer.code}: ledger number {customer.ledger_number} is too long for e-conomic."
        field, value = "customer.ledgerNumber", str(customer.ledger_number)
        raise InvalidInvoice(failure(Reason.CUSTOMER_NUMBER_UNFIT, text, field=field, value=value))


def _terms(invoice: Invoice, export: Export, reference: ReferenceData) -> PaymentTerms:
    if export.customers.payment_terms:
        return terms.named(export.customers.payment_terms, reference.payment_terms)
    return terms.choose(invoice.payment_condition, reference.payment_terms, export.codes.payment_conditions)


def _group(export: Export, reference: ReferenceData) -> int:
    group = export.customers.group
    if group not in reference.customer_groups:
        known = ", ".join(f"{number} {name}" for number, name in sorted(reference.customer_groups.items()))
        text = f"Customer group {group} does not exist in e-conomic, which has: {known or 'none'}."
        raise InvalidInvoice(failure(Reason.CUSTOMER_GROUP_MISSING, text, field="customers.group", value=str(group)))
    return group


def fitted(customer: Customer) -> Fitted:
    """Return Opter's data of a customer under e-conomic's names, made to fit. Raises ``InvalidInvoice``."""
    abroad = customer.vat_number if customer.country != "DK" else None  # in Denmark it is the corporate id again
    return fit(
        (
            Source(name="name", field="customer.name", text=customer.name, limit=255, required=True),
            Source(name="address", field="customer.address", text=customer.address, limit=510, lines=True),
            Source(name="zip", field="customer.zip", text=customer.zip, limit=30),
            Source(name="city", field="customer.city", text=customer.city, limit=50),
            Source(name="country", field="customer.country", text=customer.country, limit=50),
            Source(name="telephoneAndFaxNumber", field="customer.phone", text=customer.phone, limit=255),
            Source(name="email", field="customer.email", text=customer.email, limit=255, whole=True),
            Source(name="ean", field="customer.ean", text=customer.ean, limit=13, whole=True),
            Source(name="vatNumber", field="customer.vatNumber", text=abroad, limit=20, whole=True),
            Source(
                name="corporateIdentificationNumber",
                field="customer.corporateId",
                text=normalised(customer),
                limit=40,
                whole=True,
            ),
        )
    )
