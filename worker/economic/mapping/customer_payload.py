"""The customer as POST and PUT /customers take it: a new one, or an existing one with Opter's newer data.

PUT replaces the whole resource: omitted properties are cleared, and a false boolean is omitted in answers (measured on
a live agreement, August 2026). So everything that was read is sent back with Opter's data in it, and what was omitted
stays as empty or false as it is.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from config.exports import ExportConfig
from worker.domain.invoice import Customer, Invoice
from worker.domain.reasons import invalid
from worker.economic.mapping import dates
from worker.economic.mapping.customer_matching import by_address, ledger_number, written_id
from worker.economic.mapping.master_data import MasterData, PaymentTerms
from worker.economic.mapping.reasons import CustomerReason, SetUpReason
from worker.economic.mapping.text_limits import Fitted, Source, fit
from worker.economic.mapping.vat_zones import check_zone, code_of, zone_for

#: Properties that are read only (e-conomic REST schema, customers).
_READ_ONLY = frozenset(
    {"balance", "dueAmount", "lastUpdated", "totals", "metaData", "self"}
    | {"contacts", "deliveryLocations", "templates", "invoices"}
)
_CORPORATE_ID = "corporateIdentificationNumber"
_EINVOICING_OFF = "eInvoicingDisabledByDefault"
#: Ends every remark on a customer that was created, as an invoice's own remarks name the same fields.
_NEW = " (new customer)"
#: What stands between several e-mail addresses, and what counts as one of them.
_BETWEEN_ADDRESSES = re.compile(r"[;,\s<>]+")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+")
#: e-conomic's limit of the field, in characters.
_EMAIL_LIMIT = 255


def new_customer(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> dict[str, Any]:
    """Return the body of POST /customers; what is not known is left out. Raises ``InvalidInvoice``."""
    customer, defaults = invoice.customer, export.customers
    check_findable(customer, match_address=defaults.match_address)
    zone = check_zone(zone_for(customer, invoice.lines, export.vat), master_data)
    number = ledger_number(customer)
    return {
        **({"customerNumber": number} if number else {}),
        **fitted(customer).texts,
        **({_EINVOICING_OFF: True} if defaults.disable_einvoicing else {}),
        "currency": defaults.currency,
        "customerGroup": {"customerGroupNumber": _group(export, master_data)},
        "layout": {"layoutNumber": defaults.layout},
        "paymentTerms": {"paymentTermsNumber": _terms(invoice, export, master_data).number},
        "vatZone": {"vatZoneNumber": zone},
    }


def check_defaults(export: ExportConfig, master_data: MasterData) -> None:
    """Refuse defaults for new customers that the agreement does not have. Raises ``InvalidInvoice``."""
    _group(export, master_data)
    if export.customers.payment_terms:
        dates.terms_named(export.customers.payment_terms, master_data.payment_terms)


def creation_remarks(customer: Customer) -> tuple[str, ...]:
    """Return remarks on what a new customer will not get exactly as Opter has it: fields, never their values."""
    unfit = customer.ledger_number and not ledger_number(customer)
    remark = "customer.ledgerNumber: too long for e-conomic, which numbered the customer itself"
    return tuple(f"{text}{_NEW}" for text in (*((remark,) if unfit else ()), *fitted(customer).remarks))


def ignored(created: Mapping[str, Any], export: ExportConfig) -> tuple[str, ...]:
    """Return a remark when a new customer has not got the switch against e-invoices; a false boolean is omitted."""
    off = created.get(_EINVOICING_OFF) is True
    missing = export.customers.disable_einvoicing and not off
    return (f"{_EINVOICING_OFF}: ignored by e-conomic, set it there by hand{_NEW}",) if missing else ()


def about_new_customer(remark: str) -> bool:
    """Tell whether a remark is on a customer that was created: it holds however often the invoice is posted anew."""
    return remark.endswith(_NEW)


def check_findable(customer: Customer, *, match_address: bool) -> None:
    """Refuse a customer whose ledger number does not fit, and that could not be found again by anything else.

    It would be created again whenever the store is lost. Raises ``InvalidInvoice``.
    """
    unfit = customer.ledger_number and not ledger_number(customer)
    if unfit and not customer.corporate_id and not (match_address and by_address(customer)):
        text = f"Customer {customer.code}: ledger number {customer.ledger_number} is too long for e-conomic."
        field, value = "customer.ledgerNumber", customer.ledger_number
        raise invalid(CustomerReason.CUSTOMER_NUMBER_UNFIT, text, field=field, value=value)


def _terms(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> PaymentTerms:
    if export.customers.payment_terms:
        return dates.terms_named(export.customers.payment_terms, master_data.payment_terms)
    return dates.choose_terms(invoice.payment_condition, master_data.payment_terms, export.codes.payment_conditions)


def _group(export: ExportConfig, master_data: MasterData) -> int:
    group = export.customers.group
    if group not in master_data.customer_groups:
        known = ", ".join(f"{number} {name}" for number, name in sorted(master_data.customer_groups.items()))
        text = f"Customer group {group} does not exist in e-conomic, which has: {known or 'none'}."
        raise invalid(SetUpReason.CUSTOMER_GROUP_MISSING, text, field="customers.group", value=group)
    return group


def fitted(customer: Customer) -> Fitted:
    """Return Opter's data of a customer under e-conomic's names, made to fit. Raises ``InvalidInvoice``."""
    email, email_remarks = _email(customer.email or "")
    abroad = customer.vat_number if customer.country != "DK" else None  # in Denmark it is the corporate id again
    fitting = fit(
        (
            Source(name="name", field="customer.name", text=customer.name, limit=255, required=True),
            Source(name="address", field="customer.address", text=customer.address, limit=510, lines=True),
            Source(name="zip", field="customer.zip", text=customer.zip, limit=30),
            Source(name="city", field="customer.city", text=customer.city, limit=50),
            Source(name="country", field="customer.country", text=customer.country, limit=50),
            Source(name="telephoneAndFaxNumber", field="customer.phone", text=customer.phone, limit=255),
            Source(name="email", field="customer.email", text=email, limit=_EMAIL_LIMIT, whole=True),
            Source(name="ean", field="customer.ean", text=customer.ean, limit=13, whole=True),
            Source(name="vatNumber", field="customer.vatNumber", text=abroad, limit=20, whole=True),
            Source(name=_CORPORATE_ID, field="customer.corporateId", text=written_id(customer), limit=40, whole=True),
        )
    )
    # It is what a customer without an id is found by, and e-conomic's filters tell one space from two, or from another.
    name = " ".join(fitting.texts["name"].split())
    return replace(fitting, texts=fitting.texts | {"name": name}, remarks=(*fitting.remarks, *email_remarks))


def _email(text: str) -> tuple[str, list[str]]:
    """Return the e-mail addresses of a field with a space between them, and remarks on what is left out.

    e-conomic's field holds several separated by a space (its REST schema, customers); Opter's is free text, in which
    semicolons and commas are usual. An address stands whole or not at all; the first ones have precedence.
    """
    entries = list(dict.fromkeys(filter(None, _BETWEEN_ADDRESSES.split(unicodedata.normalize("NFC", text)))))
    addresses = [entry for entry in entries if _ADDRESS.fullmatch(entry)]
    fitting = ""
    for address in addresses:
        longer = f"{fitting} {address}".lstrip()
        fitting = longer if len(longer) <= _EMAIL_LIMIT else fitting
    left_out = {
        "not an e-mail address": len(entries) - len(addresses),
        f"e-conomic takes {_EMAIL_LIMIT} characters": len(addresses) - len(fitting.split()),
    }
    return fitting, [
        f"customer.email: {count} of {len(entries)} entries left out ({why})"
        for why, count in left_out.items()
        if count
    ]


def updated(customer: Customer, resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the customer to write: e-conomic's, with Opter's data in it. None: Opter's are no newer, or no different.

    What Opter does not know stays as it is; nothing is ever emptied.
    """
    if not _is_newer(customer, resource):
        return None
    changes = differences(customer, resource)
    return {**_writable(resource), **changes} if changes else None


def differences(customer: Customer, resource: Mapping[str, Any]) -> dict[str, str]:
    """Return Opter's data that differ from e-conomic's, under e-conomic's names."""
    return {name: text for name, text in fitted(customer).texts.items() if not _same(name, text, resource.get(name))}


def _same(name: str, ours: str, theirs: Any) -> bool:
    if name == _CORPORATE_ID and theirs:
        return True  # what the customer was matched by is not ours to rewrite
    text = "" if theirs is None else str(theirs)
    return code_of(ours) == code_of(text) if name == "country" else ours.split() == text.split()


def _is_newer(customer: Customer, resource: Mapping[str, Any]) -> bool:
    """Documented as a date, ``lastUpdated`` is a moment in UTC (measured)."""
    updated = resource.get("lastUpdated")
    if customer.changed_at is None or not isinstance(updated, str):
        return False
    try:
        theirs = datetime.fromisoformat(updated)
    except ValueError:
        return False
    return datetime.fromisoformat(customer.changed_at) > theirs.replace(tzinfo=theirs.tzinfo or UTC)


def _writable(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is read only, addresses of resources, and null, which e-conomic refuses."""
    kept = {name: value for name, value in resource.items() if name not in _READ_ONLY and value is not None}
    return {name: _writable(value) if isinstance(value, Mapping) else value for name, value in kept.items()}
