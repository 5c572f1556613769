"""Our own XML: the event's fields as elements, the target of a stylesheet written in Opter (deploy/event.xsd)."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from pydantic import BaseModel

from worker.domain.invoice import Invoice
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event import Data
from worker.intake.event_errors import refused
from worker.intake.formats.field_types import FieldType, fields_of, typed
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.port import Found, FoundHead, FoundInvoice
from worker.intake.formats.safe_xml import Elements, local, namespace, path_of

NAMESPACE = "urn:opter-economic:invoice-period:1"
#: Roots: a period with its invoices, and one invoice of a period that is named elsewhere.
PERIOD, INVOICE = "invoicePeriod", "invoice"
_ABOVE_INVOICES = [PERIOD, "invoices"]
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def read_own_xml(file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
    """See ``FormatReader``; the namespace may be left out."""
    del mapping
    elements = Elements(file)
    above: list[str] = []
    number = 0
    for event, element in elements:
        name = local(element)
        if event == "start":
            if not above:
                _check_root(element)
            above.append(name)
            continue
        above.pop()
        if name == INVOICE and above in ([], _ABOVE_INVOICES):
            number += 1
            yield _invoice(element, number, alone=not above)
            elements.done_with(element)
        elif above == [PERIOD] and name != "invoices":
            yield _head(element)
            elements.done_with(element)
        elif above == _ABOVE_INVOICES:
            raise refused(EventReason.EVENT_INVALID, f"line {element.sourceline}: {path_of(element)}: write invoice.")


def _check_root(element: Any) -> None:
    if local(element) not in {PERIOD, INVOICE} or namespace(element) not in {"", NAMESPACE}:
        text = f"line {element.sourceline}: The root is {element.tag}; write <{PERIOD} xmlns={NAMESPACE!r}>."
        raise refused(EventReason.FILE_UNREADABLE, text, field=f"/{local(element)}")


def _invoice(element: Any, number: int, *, alone: bool) -> FoundInvoice:
    path = f"/{INVOICE}" if alone else f"/{PERIOD}/invoices/{INVOICE}[{number}]"
    problems: list[Problem] = []
    fields = _object(element, Invoice, path, problems)
    return FoundInvoice(within=f"{path} (line {element.sourceline})", fields=fields, problems=tuple(problems))


def _head(element: Any) -> FoundHead:
    field = fields_of(Data).get(local(element))
    path = f"/{PERIOD}/{local(element)}"
    problems: list[Problem] = []
    if field is None:
        problems.append(_problem(element, path, "is not part of the contract; leave it out or correct its spelling"))
        return FoundHead(fields={}, problems=tuple(problems))
    value = _value(element, field, path, problems)
    return FoundHead(fields={} if value is None else {field.name: value}, problems=tuple(problems))


def _object(element: Any, model: type[BaseModel], path: str, problems: list[Problem]) -> dict[str, object]:
    _refuse_attributes(element, path, problems)
    if (element.text or "").strip():
        problems.append(_problem(element, path, "holds text beside its elements; put it into an element"))
    known, found = fields_of(model), dict[str, object]()
    for child in element:
        name = local(child)
        within = f"{path}/{name}"
        if name in found:
            problems.append(_problem(child, within, "stands there twice; write it once"))
        elif name not in known:
            problems.append(
                _problem(child, within, "is not part of the contract; leave it out or correct its spelling")
            )
        elif (value := _value(child, known[name], within, problems)) is not None:
            found[name] = value
    return found


def _value(element: Any, field: FieldType, path: str, problems: list[Problem]) -> object:
    """Return the element's value; None for an empty one, which says nothing."""
    if not len(element) and not (element.text or "").strip() and field.kind != "list":
        return None
    if field.kind == "model" and field.model:
        return _object(element, field.model, path, problems)
    if field.kind == "list":
        return [_item(each, field, f"{path}/{local(each)}[{at}]", problems) for at, each in enumerate(element, 1)]
    if field.kind == "map":
        return {each.get("key", ""): (each.text or "").strip() for each in element}
    _refuse_attributes(element, path, problems)
    if len(element):
        problems.append(_problem(element, path, "holds elements; write only text in it"))
    text = (element.text or "").strip()
    return typed(field, text) if text else None


def _item(element: Any, field: FieldType, path: str, problems: list[Problem]) -> object:
    if local(element) != field.item:
        problems.append(_problem(element, path, f"is not an item of {field.name}; write {field.item}"))
    return _object(element, field.model, path, problems) if field.model else (element.text or "").strip()


def _refuse_attributes(element: Any, path: str, problems: list[Problem]) -> None:
    names = [name for name in map(str, element.attrib) if not name.startswith(f"{{{_INSTANCE}}}")]
    problems += [_problem(element, f"{path}/@{name}", "is an attribute; write fields as elements") for name in names]


def _problem(element: Any, path: str, what: str) -> Problem:
    value = (element.text or "").strip()[:100]
    text = f"line {element.sourceline}: {path} {what}."
    return Problem(reason=EventReason.EVENT_INVALID, description=text, field=path, value=value)
