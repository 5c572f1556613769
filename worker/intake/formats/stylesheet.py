"""Any XML by a stylesheet of the export (XSLT 1.0), which makes our own XML of it.

The stylesheet reads the one file and nothing else: no ``document()``, no inclusion, no extension, no writing.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from lxml import etree

from worker.domain.reasons import EventReason
from worker.intake.event_errors import EventRefused, refused
from worker.intake.formats.completion import complete_invoice, complete_line
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.own_xml import read_own_xml
from worker.intake.formats.port import Found, FoundInvoice
from worker.intake.formats.safe_xml import whole_tree

#: A transformed file is held as a whole; larger periods come as one file per invoice, or through Opter's own XSLT.
MOST_BYTES = 32 << 20
_XSL = "http://www.w3.org/1999/XSL/Transform"
#: Beginnings of the names of what runs more than XSLT 1.0.
_EXTENSIONS = (
    "http://exslt.org",
    "http://xmlsoft.org",
    "http://icl.com",
    "http://www.jclark.com",
    "org.apache.xalan",
    "http://xml.apache.org",
    "urn:schemas-microsoft-com:xslt",
    "http://python.org",
    "http://php.net",
)


class Stylesheet:
    """A compiled stylesheet; reads what it makes of a file."""

    def __init__(self, raw: bytes) -> None:
        """Raises ``EventRefused``: not XSLT 1.0, or more than that."""
        root = whole_tree(raw)
        for element in root.iter():
            _refuse_extensions(element)
        try:
            self._transform = etree.XSLT(root, access_control=etree.XSLTAccessControl.DENY_ALL)
        except etree.XSLTParseError as error:
            raise _refused(f"The stylesheet is not XSLT 1.0: {str(error)[:200]}") from None

    def __call__(self, file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
        """See ``FormatReader``."""
        raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            text = f"A file that a stylesheet reads may have {MOST_BYTES} bytes; write one file for each invoice."
            raise refused(EventReason.EVENT_TOO_LARGE, text)
        number = 0
        for found in read_own_xml(io.BytesIO(self._transformed(whole_tree(raw))), mapping):
            if isinstance(found, FoundInvoice):
                _complete(found.fields)
                number += 1
                # A line of what was made is nowhere to be seen.
                yield replace(found, within=f"/invoicePeriod/invoices/invoice[{number}] (made by the stylesheet)")
                continue
            yield found

    def _transformed(self, root: Any) -> bytes:
        try:
            result = self._transform(root)
        except etree.XSLTApplyError as error:
            raise _refused(f"The stylesheet stopped: {str(error)[:200]}") from None
        if result.getroot() is None:
            raise _refused("The stylesheet made nothing of this file: no template matched its root.")
        return bytes(etree.tostring(result, encoding="UTF-8"))


def _complete(fields: dict[str, Any]) -> None:
    """Compute what the stylesheet leaves out, as from a table: XSLT 1.0 knows neither dates nor decimals."""
    lines = fields.get("lines")
    for number, line in enumerate(lines if isinstance(lines, list) else (), start=1):
        complete_line(line, number)
    complete_invoice(fields)


def _refuse_extensions(element: Any) -> None:
    tag = str(element.tag)
    if tag in {f"{{{_XSL}}}include", f"{{{_XSL}}}import"}:
        raise _refused(f"line {element.sourceline}: a stylesheet stands alone; copy what it includes into it.")
    named = [uri for uri in element.nsmap.values() if uri and uri.startswith(_EXTENSIONS)]
    if named or any(name.endswith("extension-element-prefixes") for name in element.attrib):
        raise _refused(f"line {element.sourceline}: extensions ({', '.join(named)}) are not allowed; use XSLT 1.0.")
    if any("document(" in "".join(value.split()) for value in element.attrib.values()):
        raise _refused(f"line {element.sourceline}: document() reads other files, which is not allowed.")


def _refused(text: str) -> EventRefused:
    return refused(EventReason.MAPPING_INVALID, text)
