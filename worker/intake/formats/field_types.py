"""The fields of the event's models as formats without types see them: all text, turned into what JSON would hold."""

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldType:
    """One field of a model."""

    #: In the event's spelling.
    name: str
    kind: Literal["text", "int", "bool", "decimal", "date", "choice", "model", "list", "map"]
    required: bool
    #: The model of ``model``, and of a ``list`` of models.
    model: type[BaseModel] | None = None
    choices: tuple[str, ...] = ()

    @property
    def item(self) -> str:
        """Name of one item of a list or map: ``line`` of ``lines``."""
        return "unit" if self.kind == "map" else self.name.removesuffix("s")


@cache
def fields_of(model: type[BaseModel]) -> dict[str, FieldType]:
    """Return the fields of a model by their name in the event."""
    return {field.name: field for field in _fields(model)}


def typed(field: FieldType, text: str) -> object:
    """Return what JSON would hold for this text; text that does not fit stays as it is, for the checks to name."""
    if field.kind == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if field.kind == "bool":
        return _TRUTH.get(text.lower(), text)
    return text


def _fields(model: type[BaseModel]) -> Iterator[FieldType]:
    for name, info in model.model_fields.items():
        yield _field(info.alias or name, info.annotation, required=info.is_required())


def _field(name: str, annotation: Any, *, required: bool) -> FieldType:
    plain = _plain(annotation)
    origin = get_origin(plain)
    if origin is tuple:
        inner = _plain(get_args(plain)[0])
        return FieldType(name=name, kind="list", required=required, model=inner if _is_model(inner) else None)
    if origin is dict:
        return FieldType(name=name, kind="map", required=required)
    if origin is Literal:
        return FieldType(name=name, kind="choice", required=required, choices=get_args(plain))
    if _is_model(plain):
        return FieldType(name=name, kind="model", required=required, model=plain)
    if issubclass(plain, StrEnum):
        return FieldType(name=name, kind="choice", required=required, choices=tuple(plain))
    kinds: dict[type, Any] = {bool: "bool", int: "int", Decimal: "decimal", date: "date"}
    return FieldType(name=name, kind=kinds.get(plain, "text"), required=required)


def _plain(annotation: Any) -> Any:
    """Return the type without what only validates it, and without None."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in {Union, types.UnionType}:
            annotation = next(each for each in get_args(annotation) if each is not types.NoneType)
        else:
            return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
