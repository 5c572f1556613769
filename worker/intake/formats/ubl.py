"""Peppol BIS Billing 3 and OIOUBL 2.1: an invoice or credit note in UBL 2.1, one a file.

What is read and how follows EN 16931 (docs.peppol.eu/poacc/billing/3.0); OIOUBL differs in places that are named here.
A credit note's amounts are positive in UBL and negative here.
"""

import base64
import binascii
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from worker.domain.money import ZERO
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused, refused
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.port import Found, FoundInvoice
from worker.intake.formats.safe_xml import local, namespace, whole_tree
from worker.intake.formats.ubl_lines import Lines
from worker.intake.formats.ubl_nodes import CAC, CBC, Nodes

#: A file with an embedded PDF.
MOST_BYTES = 32 << 20
#: A rate beyond these is a slip.
_LEAST_RATE, _MOST_RATE = Decimal("0.000001"), Decimal(1_000_000)
#: Digits of Opter's sales ledger number at most.
_LEDGER_DIGITS = 38
_ROOTS = {f"urn:oasis:names:specification:ubl:schema:xsd:{name}-2": name for name in ("Invoice", "CreditNote")}
#: UNTDID 1001: commercial, debit note, prepayment, and corrected invoice; credit notes come as CreditNote.
_INVOICES, _CREDIT_NOTES = {"380", "383", "386", "393", ""}, {"381", "396", ""}
_RATE = ("SourceCurrencyCode", "TargetCurrencyCode", "CalculationRate", "MathematicOperatorCode")
#: Schemes of the Danish company number (CVR), in Peppol's code list of electronic addresses and in OIOUBL.
_CVR_SCHEMES = {"0184", "0096", "DK:CVR"}
#: What stands for the buyer's order where there is only the seller's; the element has to be there.
_NO_ORDER = {"NA", "N/A"}
_EAN_SCHEMES = {"0088", "GLN", "EAN"}


def read_ubl(file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
    """See ``FormatReader``."""
    raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise refused(EventReason.EVENT_TOO_LARGE, f"One UBL invoice may have {MOST_BYTES} bytes.")
    root = whole_tree(raw)
    kind = _ROOTS.get(namespace(root))
    if kind is None or local(root) != kind:
        text = f"The root is {root.tag}; a UBL 2.1 Invoice or CreditNote is read."
        raise refused(EventReason.FILE_UNREADABLE, text, field=f"/{local(root)}")
    yield _Document(root, mapping, credit=kind == "CreditNote").found()


class _Document:
    """One document while it is read; everything that is wrong with it is collected."""

    def __init__(self, root: Any, mapping: Mapping, *, credit: bool) -> None:
        self.nodes = Nodes(root)
        self._mapping = mapping.ubl
        self._root = root
        self._credit = credit
        self._sign = -1 if credit else 1
        self._oioubl = "oioubl" in self.nodes.text(f"{CBC}CustomizationID").lower()

    def found(self) -> FoundInvoice:
        """Return the invoice, with every problem of its file."""
        nodes = self.nodes
        self._check_type()
        lines = Lines(self._root, nodes, self._mapping, credit=self._credit, orders=len(self._orders()))
        credited = self._credited()
        fields: dict[str, object] = {
            "invoiceType": "correction" if self._credit or credited else "invoice",
            "currency": nodes.currency,
            "customer": self._customer(),
            "lines": lines.read(),
            **self._dates(),
            **self._totals(),
        }
        number = self._number(f"{CBC}ID", needed=True)
        fields["invoiceNumber"] = number
        if credited:
            fields["creditsInvoiceNumber"] = credited
        if rate := self._exchange_rate():
            fields["exchangeRate"] = rate
        if reference := nodes.text(f"{CBC}BuyerReference") or nodes.text(
            f"{CAC}AccountingCustomerParty/{CAC}Party/{CAC}Contact/{CBC}ID"
        ):
            fields["yourReference"] = reference
        if orders := self._orders():
            fields["orderNumbers"] = orders
        if number is not None:
            nodes.of_invoice(number)
        within = f"/{local(self._root)}"
        return FoundInvoice(within=within, fields=fields, problems=tuple(nodes.problems), pdf=self._pdf())

    def _credited(self) -> int | None:
        """Return the invoice that is credited: by a credit note, or by an invoice below zero (EN 16931 allows both)."""
        path = f"{CAC}BillingReference/{CAC}InvoiceDocumentReference/{CBC}ID"
        below_zero = self.nodes.text(f"{CAC}LegalMonetaryTotal/{CBC}PayableAmount").startswith("-")
        if (self._credit or below_zero) and len(set(self.nodes.texts(path))) == 1:
            return self._number(path)
        return None

    def _orders(self) -> list[str]:
        """Return the orders of the document and of its lines, each once."""
        line = f"{CAC}{'CreditNoteLine' if self._credit else 'InvoiceLine'}"
        paths = (f"{CAC}OrderReference/{CBC}ID", f"{line}/{CAC}OrderLineReference/{CAC}OrderReference/{CBC}ID")
        found = [text for path in paths for text in self.nodes.texts(path) if text.upper() not in _NO_ORDER]
        return list(dict.fromkeys(found or self.nodes.texts(f"{CAC}OrderReference/{CBC}SalesOrderID")))

    def _exchange_rate(self) -> str | None:
        """Return the price in kroner of 100 units, where the document says one; others' rates are not used."""
        nodes = self.nodes
        for name in ("TaxExchangeRate", "PricingExchangeRate"):
            said = {part: nodes.text(f"{CAC}{name}/{CBC}{part}") for part in _RATE}
            if (said["SourceCurrencyCode"], said["TargetCurrencyCode"]) != (
                nodes.currency,
                "DKK",
            ) or said["MathematicOperatorCode"].lower() not in {"", "multiply"}:
                continue
            rate = _hundredfold(said["CalculationRate"])
            if rate is None:
                nodes.problem(
                    f"{CAC}{name}/{CBC}CalculationRate", said["CalculationRate"], "is no rate, such as 7.4611"
                )
            return rate
        return None

    def _check_type(self) -> None:
        path = f"{CBC}CreditNoteTypeCode" if self._credit else f"{CBC}InvoiceTypeCode"
        code = self.nodes.text(path)
        if code not in (_CREDIT_NOTES if self._credit else _INVOICES):
            self.nodes.problem(path, code, "is a type of document that is not exported; book it by hand")

    def _number(self, path: str, *, needed: bool = False) -> int | None:
        said = self.nodes.text(path)
        text = said.removeprefix(self._mapping.number_prefix)
        if text.isascii() and text.isdigit() and len(text) <= 9:  # noqa: PLR2004  # as the contract's invoice number
            return int(text)
        if needed:
            what = "must be Opter's invoice number, at most nine digits and nothing else"
            self.nodes.problem(path, said, f"{what}; letters that stand before every number: ubl.number_prefix")
        return None

    def _dates(self) -> dict[str, object]:
        nodes, issued, due = self.nodes, self.nodes.text(f"{CBC}IssueDate"), self.nodes.text(f"{CBC}DueDate")
        due = due or nodes.text(f"{CAC}PaymentMeans/{CBC}PaymentDueDate")
        try:
            first = date.fromisoformat(issued)
            if not due and (days := 0 if self._credit else self._mapping.payment_days) is not None:
                due = str(first + timedelta(days=days))
            between = (date.fromisoformat(due) - first).days if due else 0
        except (ValueError, OverflowError):
            between = 0  # the checks of the invoice name the date that is none
        if not due:
            nodes.problem(f"{CBC}DueDate", "", "is missing; add it, or set ubl.payment_days in the mapping")
        name = nodes.text(f"{CAC}PaymentTerms/{CBC}Note")[:200]
        condition = {"name": name, "days": max(between, 0)}
        return {"invoiceDate": issued, "dueDate": due, "paymentCondition": condition}

    def _totals(self) -> dict[str, object]:
        """Return net, VAT, rounding and gross; what was prepaid is no part of what the invoice says is owed for."""
        nodes, total = self.nodes, f"{CAC}LegalMonetaryTotal/{CBC}"
        lines = nodes.amount(f"{total}LineExtensionAmount", needed=True)
        allowances, charges = nodes.amount(f"{total}AllowanceTotalAmount"), nodes.amount(f"{total}ChargeTotalAmount")
        net = lines - allowances + charges
        # In OIOUBL the element of this name is the sum of the taxes.
        if not self._oioubl and (said := nodes.amount(f"{total}TaxExclusiveAmount", needed=True)) != net:
            nodes.problem(f"{total}TaxExclusiveAmount", str(said), f"is not the sum of lines and charges, {net}")
        vat = self._vat()
        with_vat = (
            nodes.amount(f"{total}TaxInclusiveAmount") if nodes.texts(f"{total}TaxInclusiveAmount") else net + vat
        )
        rounding, prepaid = nodes.amount(f"{total}PayableRoundingAmount"), nodes.amount(f"{total}PrepaidAmount")
        if self._oioubl and with_vat == net + vat + rounding:
            with_vat = net + vat  # OIOUBL rounds before it, EN 16931 behind it
        if with_vat != net + vat:
            nodes.problem(f"{total}TaxInclusiveAmount", str(with_vat), f"is not {net} and VAT of {vat}")
        payable = nodes.amount(f"{total}PayableAmount", needed=True)
        if payable + prepaid != with_vat + rounding:
            text = f"is not {with_vat} with VAT, less {prepaid} prepaid, and {rounding} rounding"
            nodes.problem(f"{total}PayableAmount", str(payable), text)
        amounts = {"net": net, "vat": vat, "rounding": rounding, "gross": with_vat + rounding}
        return {name: str(amount * self._sign + ZERO) for name, amount in amounts.items()}

    def _vat(self) -> Decimal:
        """Return the VAT in the invoice's currency; a second total is that of the books."""
        path, currency = f"{CAC}TaxTotal/{CBC}TaxAmount", self.nodes.currency
        own = [each for each in self.nodes.all(path) if each.get("currencyID", currency) == currency]
        if len(own) > 1:
            self.nodes.problem(path, str(len(own)), "stands there more than once in the invoice's currency")
        return self.nodes.amount_of(own[0], path) if own else Decimal("0.00")

    def _customer(self) -> dict[str, object]:
        nodes, party = self.nodes, f"{CAC}AccountingCustomerParty/{CAC}Party/"
        legal, address = f"{party}{CAC}PartyLegalEntity/", f"{party}{CAC}PostalAddress/"
        endpoint = nodes.text(f"{party}{CBC}EndpointID")
        scheme = nodes.attribute(f"{party}{CBC}EndpointID", "schemeID")
        identity = nodes.text(f"{party}{CAC}PartyIdentification/{CBC}ID")
        company = nodes.text(f"{legal}{CBC}CompanyID")
        codes = {"party": identity or company or endpoint, "endpoint": endpoint, "company": company}
        street = (f"{address}{CBC}StreetName", f"{address}{CBC}BuildingNumber", f"{address}{CBC}AdditionalStreetName")
        fields = {
            "code": codes[self._mapping.customer_code],
            "name": nodes.text(f"{legal}{CBC}RegistrationName") or nodes.text(f"{party}{CAC}PartyName/{CBC}Name"),
            "corporateId": (company or (endpoint if scheme.upper() in _CVR_SCHEMES else "")).removeprefix("DK"),
            "vatNumber": nodes.text(f"{party}{CAC}PartyTaxScheme/{CBC}CompanyID"),
            "ean": endpoint if scheme.upper() in _EAN_SCHEMES else "",
            "email": nodes.text(f"{party}{CAC}Contact/{CBC}ElectronicMail"),
            "phone": nodes.text(f"{party}{CAC}Contact/{CBC}Telephone"),
            "address": " ".join(text for path in street if (text := nodes.text(path))),
            "zip": nodes.text(f"{address}{CBC}PostalZone"),
            "city": nodes.text(f"{address}{CBC}CityName"),
            "country": nodes.text(f"{address}{CAC}Country/{CBC}IdentificationCode"),
        }
        if not fields["code"]:
            nodes.problem(party.rstrip("/"), "", "has no number; add it, or name another with ubl.customer_code")
        if not fields["country"]:
            nodes.problem(f"{address}{CAC}Country/{CBC}IdentificationCode", "", "is missing; it decides the VAT zone")
        said: dict[str, object] = {name: value for name, value in fields.items() if value}
        # The customer's number in the seller's accounts, in UBL's own words.
        ledger = nodes.text(f"{CAC}AccountingCustomerParty/{CBC}SupplierAssignedAccountID")
        if ledger.isascii() and ledger.isdigit() and len(ledger) <= _LEDGER_DIGITS:
            said["ledgerNumber"] = int(ledger)
        return said

    def _pdf(self) -> bytes | None:
        """Return the printed invoice that the file holds, if it is one PDF."""
        path = f"{CAC}AdditionalDocumentReference/{CAC}Attachment/{CBC}EmbeddedDocumentBinaryObject"
        held = [each for each in self.nodes.all(path) if each.get("mimeCode") == "application/pdf"]
        if len(held) != 1:
            return None
        try:
            return base64.b64decode("".join((held[0].text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            reason = EventReason.FILE_UNREADABLE
            raise EventRefused([Problem(reason=reason, description=f"{path}: not base64.", field=path)]) from None


def _hundredfold(text: str) -> str | None:
    """Return a rate for 100 units, exactly; None for one that is none."""
    try:
        rate = Decimal(text)
        usable = rate.is_finite() and _LEAST_RATE < rate < _MOST_RATE
    except ArithmeticError:
        usable = False
    return f"{rate.scaleb(2):f}" if usable else None
