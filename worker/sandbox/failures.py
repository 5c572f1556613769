"""Refusals in e-conomic's own shapes. A resource raises what these return.

The three shapes of ``errors`` on legacy REST: an object keyed by property (semantic validation), the same with lines
under ``lines.items``, and an array (schema and filter errors, vouchers). The OpenAPI services answer RFC 7807 problem
details instead. The protocol stamps ``logId``, ``logTime``, ``traceId`` and ``instance`` on the way out. Sources:
e-conomic REST docs, "Error handling"; recorded answers of 2015 to 2026.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.sandbox.state import ApiError, Json

SCHEMA_FAILED = "E00500"
#: Names in front of an entry's property: ``entries``, the kind, the index.
_ENTRY_DEPTH = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """One thing wrong with one property."""

    #: Property as the request spells it, dotted when nested: ``paymentTerms.paymentTermsNumber``.
    property: str
    message: str
    #: For example ``E04740``.
    code: str
    value: Any = None
    hint: str = ""


def validation_failed(*problems: Invalid, lines: Mapping[int, Sequence[Invalid]] | None = None) -> ApiError:
    """Return shape 1 (and 2 when lines are at fault): 400, ``E04300``, ``errors`` keyed by property.

    ``lines`` maps a zero-based array index to what is wrong with that line.
    """
    by_line = lines or {}
    errors = keyed(problems)
    if by_line:
        errors["lines"] = line_errors(by_line)
    count = len(problems) + sum(len(invalids) for invalids in by_line.values())
    body = _body(400, f"Validation failed. {_errors(count)} found.", "E04300")
    return ApiError(400, body | {"errors": errors, "errorCount": count})


def voucher_failed(problems: Sequence[Invalid]) -> ApiError:
    """Return the refusal of a voucher: ``errors`` is an array, the faults of entries under ``entries.items``.

    As production logs of others hold it (August 2026). The properties of ``problems`` are paths into the request:
    ``entries.financeVouchers.0.date``.
    """
    items: dict[str, Json] = {}
    of_voucher: list[Invalid] = []
    for problem in problems:
        parts = problem.property.split(".")
        if len(parts) <= _ENTRY_DEPTH:
            of_voucher.append(problem)
            continue
        entry = items.setdefault(".".join(parts[:_ENTRY_DEPTH]), {})
        entry.setdefault(parts[_ENTRY_DEPTH], {"errors": []})["errors"].append(_entry_of_voucher(problem))
    errors = keyed(of_voucher)
    if items:
        errors["entries"] = errors.get("entries", {"errors": []}) | {"items": list(items.values())}
    body = _body(400, f"Validation failed. {_errors(len(problems))} found.", "E04300")
    return ApiError(400, body | {"errors": [{"arrayIndex": 0} | errors], "errorCount": len(problems)})


def keyed(problems: Sequence[Invalid]) -> Json:
    """Group problems under their top-level request property, as e-conomic does."""
    errors: Json = {}
    for problem in problems:
        top = problem.property.split(".")[0]
        errors.setdefault(top, {"errors": []})["errors"].append(_entry(problem))
    return errors


def line_errors(lines: Mapping[int, Sequence[Invalid]]) -> Json:
    """Return ``{"items": [{"arrayIndex": 0, <property>: {"errors": [...]}}]}``."""
    return {"items": [{"arrayIndex": index} | keyed(problems) for index, problems in sorted(lines.items())]}


def schema_failed(problems: Sequence[str]) -> ApiError:
    """Return shape 3: 400 "Schema validation failed." with an array of sentences."""
    body = _body(400, "Schema validation failed.", SCHEMA_FAILED)
    return ApiError(400, body | {"errors": list(problems), "errorCount": len(problems)})


def refused(status: int, message: str, code: str, hint: str = "") -> ApiError:
    """Return a plain refusal without an ``errors`` part."""
    return ApiError(status, _body(status, message, code, hint))


def not_found() -> ApiError:
    """Return 404 "Resource not found.", which carries no ``errorCode``."""
    body = _body(404, "Resource not found.", "", "Check that the resource identifier is correct.")
    del body["errorCode"]
    return ApiError(404, body)


def problem(status: int, title: str, code: str, *problems: Invalid) -> ApiError:
    """Return RFC 7807 problem details, as the OpenAPI services answer."""
    errors = [
        {"message": invalid.message, "errorCode": invalid.code, "property": invalid.property} for invalid in problems
    ]
    body: Json = {"type": f"https://httpstatuses.io/{status}", "title": title, "status": status, "detail": title}
    return ApiError(status, body | {"errorCode": code, "errors": errors})


def _errors(count: int) -> str:
    return f"{count} error{'s' if count != 1 else ''}"


def _entry_of_voucher(invalid: Invalid) -> Json:
    """Return an error as recorded: a capital letter in front, neither value nor hint."""
    name = invalid.property.split(".")[-1]
    return {
        "propertyName": name[:1].upper() + name[1:],
        "errorCode": invalid.code,
        "errorMessage": invalid.message,
    }


def _entry(invalid: Invalid) -> Json:
    return {
        "propertyName": invalid.property.split(".")[-1],
        "errorMessage": invalid.message,
        "errorCode": invalid.code,
        "inputValue": invalid.value,
        "developerHint": invalid.hint,
    }


def _body(status: int, message: str, code: str, hint: str = "") -> Json:
    return {
        "message": message,
        "errorCode": code,
        "developerHint": hint or "Read errors for what to change.",
        "httpStatusCode": status,
    }
