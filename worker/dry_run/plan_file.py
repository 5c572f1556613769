"""The plan file: a plan as canonical JSON, to be approved by a person, and how a later plan differs from it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pydantic.alias_generators import to_camel

from worker.dry_run.plan import Amounts, Created, Plan, PlannedInvoice, PredictedAmounts, Request

#: Version of the file's layout; files of another one are refused.
VERSION = 1


class PlanFileError(Exception):
    """A file that no plan can be read from; its text says why."""


class Part(StrEnum):
    """Where something has changed since a plan, as a heading says it."""

    PLAN = "The plan itself"
    EXPORTS_FILE = "In the exports file"
    ECONOMIC = "In e-conomic"
    INVOICES = "Invoices"
    CUSTOMERS = "New customers"
    UPDATES = "Updated customers"
    PRODUCTS = "New products"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A field before and after, in words."""

    #: As the file names it, nested ones with dots; empty for the whole thing.
    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemDifference:
    """One thing that is not as planned."""

    #: Its name: an invoice's id, a customer's name, what the invoices need in e-conomic.
    name: str
    #: What of it has changed; never empty.
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartDifference:
    """The things of one part that are not as planned."""

    part: Part
    #: How many things the part had in the plan, and has now.
    planned: int
    now: int
    #: Those that differ; never empty.
    items: tuple[ItemDifference, ...]


def document(plan: Plan) -> dict[str, Any]:
    """Return what matters in a plan as JSON values, in a fixed order.

    Amounts of money are strings, and so are the bodies of requests, digit by digit as they are sent. What changes
    nothing in the books (calls, states in the store, e-conomic's log ids) is left out, so equal plans are equal files.
    """
    return {
        "export": plan.export,
        "period": plan.period,
        "agreement": plan.agreement,
        "setUp": plan.set_up,
        "preconditions": plan.preconditions,
        "newCustomers": sorted(map(_created, plan.customers), key=lambda created: created["number"]),
        "updatedCustomers": sorted(map(_request, plan.updates), key=lambda request: request["path"]),
        "newProducts": sorted(map(_created, plan.products), key=lambda created: created["number"]),
        "invoices": [_invoice(invoice) for invoice in plan.invoices],
    }


def write(plan: Plan) -> bytes:
    """Return the plan file."""
    return _written(document(plan))


def file_name(raw: bytes) -> str:
    """Return what a plan file is called: ``sha256:`` and its SHA-256, as ``sha256sum`` prints it."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def read(raw: bytes) -> Mapping[str, Any]:
    """Return the ``document`` that a plan file holds. Raises ``PlanFileError``."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise PlanFileError("It is no plan file, or only a part of one.") from None
    if not isinstance(found, dict) or not {"planVersion", "contentSha256"} <= found.keys():
        raise PlanFileError("It is no plan file.")
    if found["planVersion"] != VERSION:
        raise PlanFileError(f"It has version {found['planVersion']} of a plan file; this program reads {VERSION}.")
    content = {key: value for key, value in found.items() if key not in {"planVersion", "contentSha256"}}
    if _written(content) != raw:
        raise PlanFileError("It has been edited since it was written: its content does not have the recorded SHA-256.")
    return content


def _written(content: Mapping[str, Any]) -> bytes:
    checksum = hashlib.sha256(_canonical(content).encode()).hexdigest()
    whole = {"planVersion": VERSION, "contentSha256": checksum, **content}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _invoice(invoice: PlannedInvoice) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "invoiceNumber": invoice.invoice_number,
        "contentHash": invoice.content_hash,
        "action": invoice.action.value,
        "source": _amounts(invoice.source) if invoice.source else None,
        "predicted": _predicted(invoice.predicted) if invoice.predicted else None,
        "problems": [
            {to_camel(name): value for name, value in asdict(problem).items() if name != "log_id"}
            for problem in invoice.problems
        ],
        "requests": [_request(request) for request in invoice.requests],
        "remarks": list(invoice.remarks),
        "found": invoice.found,
    }


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(amounts).items()}


def _predicted(predicted: PredictedAmounts) -> dict[str, Any]:
    lines = [
        {"line": line.line, "account": line.account, "vatCode": line.code, "vatRate": str(line.rate)}
        for line in predicted.vat
    ]
    return {**_amounts(predicted.amounts), "certain": predicted.certain, "lines": lines}


def _created(created: Created) -> dict[str, str]:
    return {"number": created.number, "neededBy": created.needed_by, **_request(created.request)}


def _request(request: Request) -> dict[str, str]:
    return {"step": str(request.step), "method": request.method, "path": request.path, "body": request.body}


#: The value of a key that an object does not have.
_ABSENT = object()


def differences(planned: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[PartDifference, ...]:
    """Return everything in which the ``document`` of a plan made now differs from a planned one; none: unchanged."""
    return tuple(difference for part in Part if (difference := _part_difference(part, planned, now)))


def _part_difference(part: Part, planned: Mapping[str, Any], now: Mapping[str, Any]) -> PartDifference | None:
    before, after = _items(part, planned), _items(part, now)
    items = tuple(
        ItemDifference(name=_name(part, key, old if new is _ABSENT else new), changes=_item_changes(part, old, new))
        for key, old, new in _pairs(before, after)
        if not _same(old, new)
    )
    return PartDifference(part=part, planned=len(before), now=len(after), items=items) if items else None


def _items(part: Part, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the things of one part by what identifies them."""
    match part:
        case Part.PLAN:
            return {name: content[name] for name in ("export", "period", "agreement")}
        case Part.EXPORTS_FILE | Part.ECONOMIC:
            return dict(content["setUp" if part is Part.EXPORTS_FILE else "preconditions"])
        case Part.INVOICES:
            return {invoice["id"]: invoice for invoice in content["invoices"]}
        case Part.UPDATES:
            return {request["path"]: request for request in content["updatedCustomers"]}
        case Part.CUSTOMERS | Part.PRODUCTS:
            created = content["newCustomers" if part is Part.CUSTOMERS else "newProducts"]
            # Which invoice needs it first does not matter; the invoices are compared themselves.
            return {item["number"]: {**item, "neededBy": ""} for item in created}


def _name(part: Part, key: str, item: Any) -> str:
    if part not in {Part.CUSTOMERS, Part.UPDATES, Part.PRODUCTS}:
        return key
    number = key.rpartition("/")[2]
    name = str(json.loads(item["body"])["name"])
    return name if number.startswith("-") else f"{number} {name}"  # e-conomic gives the number of a new customer


def _item_changes(part: Part, before: Any, after: Any) -> tuple[Change, ...]:
    planned, now = _presence(part, before), _presence(part, after)
    if planned != now:
        return (Change(field="", before=planned, after=now),)
    found = tuple(_changes(_readable(before), _readable(after), ""))
    return found or (Change(field="", before="as planned", after="written in another way"),)


def _presence(part: Part, value: Any) -> str:
    if part is not Part.ECONOMIC:
        return "not there" if value is _ABSENT else "there"
    if value is _ABSENT:
        return "not needed"
    return "missing" if value is None else "there"


def _readable(item: Any) -> Any:
    """Return an item with its requests by step and their bodies as objects, to compare them field by field."""
    if not isinstance(item, dict):
        return item
    if "body" in item:
        rest = {name: value for name, value in item.items() if name not in {"step", "body"}}
        body = item["body"]
        # An upload's body is the SHA-256 of its file. Numbers keep their digits.
        return rest | (json.loads(body, parse_float=str) if body.startswith("{") else {"sha256": body})
    if "requests" in item:
        requests = {request["step"]: _readable(request) for request in item["requests"]}
        rest = {name: value for name, value in item.items() if name != "requests"}
        return rest | {"contentHash": f"{item['contentHash'][:12]}…"} | requests
    return item


def _changes(before: Any, after: Any, field: str) -> Iterator[Change]:
    """Yield the innermost fields that differ; what only one side has is one change as a whole."""
    if _same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name, old, new in _pairs(before, after):
            yield from _changes(old, new, f"{field}.{name}" if field else name)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changes(old, new, f"{field}[{number}]")
    else:
        yield Change(field=field, before=_in_words(before), after=_in_words(after))


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*before, *after)):
        yield name, before.get(name, _ABSENT), after.get(name, _ABSENT)


def _same(before: Any, after: Any) -> bool:
    """Compare as JSON: in Python ``True == 1``."""
    if before is _ABSENT or after is _ABSENT:
        return before is after
    return _canonical(before) == _canonical(after)


def _in_words(value: Any) -> str:
    if value is _ABSENT or value in (None, "", [], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, dict):
        return _object_in_words(value)
    return value if isinstance(value, str) else _canonical(value)


def _object_in_words(value: Mapping[str, Any]) -> str:
    if "path" in value:
        return f"{value['method']} {value['path']}"
    if "gross" in value:
        return f"{value['gross']} {value['currency']}"
    return str(value["reason"]) if "reason" in value else _canonical(value)
