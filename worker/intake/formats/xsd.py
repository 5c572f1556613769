"""The XML Schema of our own XML, made from the event's models (``make schema`` writes deploy/event.xsd).

Every group is ``xs:all``: elements may stand in any order, as members of a JSON object do.
"""

import sys
from collections.abc import Iterator
from typing import Any

from lxml import etree
from pydantic import BaseModel

from worker.domain.invoice import Invoice
from worker.intake.event import Data, Total
from worker.intake.formats.field_types import FieldType, fields_of
from worker.intake.formats.own_xml import NAMESPACE, PERIOD

_XS = "http://www.w3.org/2001/XMLSchema"
_TYPES = {"text": "xs:string", "int": "xs:integer", "bool": "xs:boolean", "date": "xs:date", "decimal": "xs:decimal"}
#: What an event may leave to a file of its own; in XML the invoices always stand in the file itself.
_LEFT_OUT = {"invoicesRef"}
#: What is computed from the invoices where the file does not say it.
_COMPUTED = {"invoiceCount", "controlTotals", "export"}


def schema() -> bytes:
    """Return the published file."""
    root = etree.Element(
        f"{{{_XS}}}schema",
        nsmap={"xs": _XS, None: NAMESPACE},
        targetNamespace=NAMESPACE,
        elementFormDefault="qualified",
    )
    _add(root, "element", name=PERIOD, type=Data.__name__)
    _add(root, "element", name="invoice", type=Invoice.__name__)
    models = list(_models(Data, set()))
    # An element that may be left out may be empty as well.
    optional = {field.model for model in models for field in fields_of(model).values() if not field.required}
    for model in models:
        group = _add(_add(root, "complexType", name=model.__name__), "all")
        if model in optional - {Invoice, Total}:
            group.set("minOccurs", "0")
        for field in fields_of(model).values():
            if field.name not in _LEFT_OUT:
                _element(group, field)
    return bytes(etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8"))


def _models(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    if model not in seen:
        seen.add(model)
        yield model
        for field in fields_of(model).values():
            if field.model and field.name not in _LEFT_OUT:
                yield from _models(field.model, seen)


def _element(group: Any, field: FieldType) -> None:
    needed = (field.required or field.name == "invoices") and field.name not in _COMPUTED
    element = _add(group, "element", name=field.name, minOccurs="1" if needed else "0")
    if field.kind == "model" and field.model:
        element.set("type", field.model.__name__)
    elif field.kind in {"list", "map"}:
        _items(element, field)
    elif field.kind == "choice":
        choices = _add(_add(element, "simpleType"), "restriction", base="xs:string")
        for choice in field.choices:
            _add(choices, "enumeration", value=choice)
    elif field.required or field.kind == "text":
        element.set("type", _TYPES[field.kind])
    else:
        # An empty element says nothing, as a stylesheet writes one where Opter has no value.
        union = _add(_add(element, "simpleType"), "union", memberTypes=_TYPES[field.kind])
        _add(_add(_add(union, "simpleType"), "restriction", base="xs:string"), "length", value="0")


def _items(element: Any, field: FieldType) -> None:
    items = _add(_add(element, "complexType"), "sequence")
    item = _add(items, "element", name=field.item, minOccurs="0", maxOccurs="unbounded")
    if field.kind == "map":
        content = _add(_add(item, "complexType"), "simpleContent")
        _add(_add(content, "extension", base="xs:string"), "attribute", name="key", type="xs:string", use="required")
    else:
        item.set("type", field.model.__name__ if field.model else "xs:string")


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{_XS}}}{tag}", **attributes)


if __name__ == "__main__":
    sys.stdout.buffer.write(schema())
