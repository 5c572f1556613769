"""The sample period as files for a watched folder: one in most formats, one for each invoice as UBL."""

import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

from worker.domain.invoice import Invoice
from worker.local.demo.folder import SourceName
from worker.local.demo.sample_tables import period_csv, period_xlsx, tables_mapping
from worker.local.demo.sample_ubl import invoice_ubl

#: Sales accounts and VAT codes as the sample's UBL documents carry them: in the accounting cost, and by category.
_ACCOUNTS = ("3010", "3012", "3020", "3040", "3050")
_CODES = {"S": "M25", "Z": "M0"}

#: Our XML's namespace (deploy/event.xsd).
_NAMESPACE = "urn:opter-economic:invoice-period:1"


def source_files(source: SourceName, event: bytes, invoices: Sequence[Invoice]) -> dict[str, bytes]:
    """Return the files of a source by their names."""
    if source == "peppol":
        return {f"{invoice.invoice_number}.xml": invoice_ubl(invoice) for invoice in invoices}
    if source == "csv":
        return {"period.csv": period_csv(invoices)}
    if source == "xlsx":
        return {"period.xlsx": period_xlsx(invoices)}
    return {"period.xml": period_xml(event)} if source == "xml" else {"period.json": event}


def source_mapping(source: SourceName) -> str:
    """Return the mapping that the files of a source need, as TOML; empty where they need none."""
    if source in {"csv", "xlsx"}:
        return tables_mapping()
    if source != "peppol":
        return ""
    rules = [f'[[ubl.accounts]]\ncost = "{account}"\naccount = "{account}"' for account in _ACCOUNTS]
    rules += [f'[[ubl.vat_codes]]\ncategory = "{category}"\ncode = "{code}"' for category, code in _CODES.items()]
    return "\n".join(rules) + "\n"


def period_xml(event: bytes) -> bytes:
    """Return what an event says about its period, its invoices included, as our XML."""
    root = ET.Element("invoicePeriod", xmlns=_NAMESPACE)
    _fill(root, json.loads(event)["data"])
    return bytes(ET.tostring(root, encoding="ISO-8859-1", xml_declaration=True))


def _fill(element: ET.Element, value: Any) -> None:
    if element.tag == "economicUnits":
        for key, unit in value.items():
            ET.SubElement(element, "unit", key=key).text = unit
    elif isinstance(value, dict):
        for name, inner in value.items():
            _fill(ET.SubElement(element, name), inner)
    elif isinstance(value, list):
        for item in value:
            _fill(ET.SubElement(element, element.tag.removesuffix("s")), item)
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)
