"""XML from strangers, read element by element: no DTD, no entities, no network, bounded depth and size.

libxml2's own bounds stay on (``huge_tree`` is off): 256 levels, 10 MB of text in one node.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree

from worker.domain.reasons import EventReason
from worker.intake.event_errors import EventRefused, refused

#: Bytes and elements that an invoice may take as XML, which is wordier than JSON.
MOST_BYTES, MOST_ELEMENTS = 8 << 20, 50_000
_PARSER: dict[str, Any] = {
    "resolve_entities": False, "load_dtd": False, "no_network": True, "huge_tree": False,
    "remove_comments": True, "remove_pis": True,
}  # fmt: skip


class Elements:
    """The elements of a file as they begin and end."""

    def __init__(self, file: BinaryIO) -> None:
        self._counted = _Counted(file)
        self._mark = self._elements = 0

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield (``start`` or ``end``, element). Raises ``EventRefused``."""
        try:
            first = True
            for event, element in etree.iterparse(self._counted, events=("start", "end"), **_PARSER):
                if first:
                    _refuse_dtd(element.getroottree())
                    first = False
                self._elements += event == "start"
                if self._counted.count - self._mark > MOST_BYTES or self._elements > MOST_ELEMENTS:
                    most = f"{MOST_BYTES} bytes and {MOST_ELEMENTS} elements"
                    text = f"line {element.sourceline}: one invoice may take {most} of XML; this one takes more."
                    raise refused(EventReason.EVENT_TOO_LARGE, text)
                yield event, element
        except etree.XMLSyntaxError as error:
            raise _not_xml(error) from None

    def done_with(self, element: Any) -> None:
        """Forget an element that has been read, and all before it."""
        self._mark, self._elements = self._counted.count, 0
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def whole_tree(raw: bytes) -> Any:
    """Return the root of a document that is read as a whole. Raises ``EventRefused``."""
    try:
        root = etree.fromstring(raw, etree.XMLParser(**_PARSER))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _not_xml(error) from None
    _refuse_dtd(root.getroottree())
    return root


def local(element: Any) -> str:
    """Return the element's name without its namespace."""
    tag = element.tag
    return str(tag).rpartition("}")[2] if isinstance(tag, str) else "?"


def namespace(element: Any) -> str:
    """Return the element's namespace; empty when it has none."""
    tag = str(element.tag)
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def path_of(element: Any) -> str:
    """Return the XPath of an element, by local names: ``/invoicePeriod/invoices/invoice[3]/net``."""
    parts = []
    while element is not None:
        name, parent = local(element), element.getparent()
        alike = [each for each in parent if local(each) == name] if parent is not None else []
        parts.append(f"{name}[{alike.index(element) + 1}]" if len(alike) > 1 else name)
        element = parent
    return "/" + "/".join(reversed(parts))


class _Counted:
    """A file that knows how much of it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.count += len(block)
        return block


def _refuse_dtd(tree: Any) -> None:
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        text = "line 1: The file has a DOCTYPE, which may hide entities and addresses of other files; leave it out."
        raise refused(EventReason.FILE_UNREADABLE, text)


def _not_xml(error: Exception) -> EventRefused:
    line = getattr(error, "lineno", None) or 1
    # The parser quotes names of elements at most; texts longer than that are cut.
    return refused(EventReason.FILE_UNREADABLE, f"line {line}: Not well-formed XML: {str(error)[:200]}")
