"""The sample period as a file for a watched folder: our XML, as a stylesheet in Opter would write it."""

import json
from typing import Any
from xml.etree import ElementTree as ET

#: Our XML's namespace (deploy/event.xsd).
_NAMESPACE = "urn:opter-economic:invoice-period:1"


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
