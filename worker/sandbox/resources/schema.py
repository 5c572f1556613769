"""Validation of a request's body against a schema.

Two layers, as e-conomic has them: the JSON schema ("Schema validation failed.", an array of sentences) and the meaning
of values (E04740 too many decimals, E04500 a reference without identifier). Wordings of null and zero were measured on
a live agreement, August 2026; the other sentences follow the same validator's style.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from worker.sandbox.failures import Invalid, schema_failed, validation_failed
from worker.sandbox.resources.fields import Field, Schema, identifier
from worker.sandbox.state import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """A value that fits the schema and makes no sense."""

    invalid: Invalid
    #: Index in ``lines``; None: the value is in the header.
    line: int | None = None


def refuse_all(violations: list[Violation]) -> None:
    """Raise "Validation failed." when there is any violation."""
    if not violations:
        return
    lines: dict[int, list[Invalid]] = {}
    for violation in violations:
        if violation.line is not None:
            lines.setdefault(violation.line, []).append(violation.invalid)
    raise validation_failed(*(violation.invalid for violation in violations if violation.line is None), lines=lines)


def accept(schema: Schema, body: Any, refuse: Callable[[list[Violation]], None] = refuse_all) -> Json:
    """Return the known part of a body, references reduced to their identifier.

    ``refuse`` raises when there is any violation, in the shape that the resource answers in.

    Raises:
        ApiError: 400, in the shape of the layer that refused it.
    """
    if wrong := list(_schema_errors(nested_rule(schema), body, "")):
        raise schema_failed(wrong)
    refuse(list(_violations(schema, body)))
    return _known(schema, body)


def nested_rule(schema: Schema) -> Field:
    """Return the rule of a whole body."""
    return Field(kind="object", fields=schema, required=True)


def _schema_errors(rule: Field, value: Any, path: str) -> Iterator[str]:
    expected, fits = _TYPES[rule.kind]
    if isinstance(value, bool) != (rule.kind == "boolean") or not isinstance(value, fits):
        yield f"Invalid type. Expected {expected} but got {_type_name(value)}. Path '{path}'."
    elif isinstance(value, str):
        yield from _text_errors(rule, value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _schema_errors(nested_rule(rule.fields), item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        yield from _object_errors(rule, value, path)
    else:
        yield from _range_errors(rule, value, expected, path)


def _object_errors(rule: Field, value: Mapping[str, Any], path: str) -> Iterator[str]:
    missing = [name for name, field in rule.fields.items() if field.required and name not in value]
    if missing:
        yield f"Required properties are missing from object: {', '.join(missing)}. Path '{path}'."
    for name, field in rule.fields.items():
        if name in value:
            yield from _schema_errors(field, value[name], f"{path}.{name}" if path else name)


def _text_errors(rule: Field, value: str, path: str) -> Iterator[str]:
    if rule.longest is not None and len(value) > rule.longest:
        yield f"String '{value}' exceeds maximum length of {rule.longest}. Path '{path}'."
    if len(value) < rule.shortest:
        yield f"String '{value}' is less than minimum length of {rule.shortest}. Path '{path}'."
    if rule.choices and value not in rule.choices:
        yield f"Value \"{value}\" is not defined in enum. Path '{path}'."
    if rule.kind == "date" and not _is_day(value):
        yield f"String '{value}' does not validate against format 'date'. Path '{path}'."


def _range_errors(rule: Field, value: Any, expected: str, path: str) -> Iterator[str]:
    if rule.minimum is not None and value < rule.minimum:
        yield f"{expected} {value} is less than minimum value of {rule.minimum}. Path '{path}'."
    if rule.maximum is not None and value > rule.maximum:
        yield f"{expected} {value} exceeds maximum value of {rule.maximum}. Path '{path}'."


def _violations(
    schema: Schema, body: Mapping[str, Any], prefix: str = "", line: int | None = None
) -> Iterator[Violation]:
    for name, rule in schema.items():
        if name in body:
            yield from _violations_of(rule, body[name], f"{prefix}{name}", line)


def _violations_of(rule: Field, value: Any, path: str, line: int | None) -> Iterator[Violation]:
    if rule.kind == "number" and rule.decimals is not None and _decimals(value) > rule.decimals:
        message = f"{path} can have at most {rule.decimals} decimals."
        yield Violation(invalid=Invalid(property=path, message=message, code="E04740", value=value), line=line)
    elif rule.kind == "reference" and (message := _reference_problem(rule, value)):
        yield Violation(invalid=Invalid(property=path, message=message, code="E04500", value=value), line=line)
    elif rule.kind == "array":
        for index, item in enumerate(value):
            at_line = path == "lines"
            yield from _violations(rule.fields, item, "" if at_line else f"{path}.{index}.", index if at_line else line)
    elif rule.kind == "object":
        yield from _violations(rule.fields, value, f"{path}.", line)


def _reference_problem(rule: Field, value: Mapping[str, Any]) -> str:
    if identifier(rule, value) is None:
        return f"A reference needs {rule.key} or self."
    if rule.key in value and "self" in value and identifier(rule, {"self": value["self"]}) != value[rule.key]:
        return f"{rule.key} and self point at different resources."
    return ""


def _known(schema: Schema, body: Mapping[str, Any]) -> Json:
    return {name: _value(rule, body[name]) for name, rule in schema.items() if name in body}


def _value(rule: Field, value: Any) -> Any:
    if rule.kind == "array":
        return [_known(rule.fields, item) for item in value]
    if rule.kind == "reference":
        return _known(rule.fields, value) | {rule.key: identifier(rule, value)}
    if rule.kind == "number":
        return Decimal(value)
    return _known(rule.fields, value) if rule.kind == "object" else value


def _decimals(value: int | Decimal) -> int:
    exponent = Decimal(value).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _type_name(value: Any) -> str:
    return _NAMES.get(type(value), type(value).__name__)


_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "string": ("String", str),
    "date": ("String", str),
    "integer": ("Integer", int),
    "number": ("Number", (int, Decimal)),
    "boolean": ("Boolean", bool),
    "object": ("Object", Mapping),
    "reference": ("Object", Mapping),
    "array": ("Array", list),
}
_NAMES: Mapping[type, str] = {
    type(None): "Null",
    str: "String",
    bool: "Boolean",
    int: "Integer",
    Decimal: "Number",
    dict: "Object",
    list: "Array",
}
