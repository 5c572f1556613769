"""Errors in settings and exports file: all of them at once, each with its place and the next step, never a secret."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationError:
    """One thing to correct before anything starts."""

    #: The file, or ``environment``.
    file: str
    #: The entry inside the file, for example ``exports.main``; empty for the file as a whole.
    entry: str
    #: The key, in the spelling of the file, or the environment variable.
    key: str
    #: What is wrong, with the value unless it is secret.
    problem: str
    #: What to do about it.
    next_step: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.entry, self.key) if part)
        return f"{place}: {self.problem} {self.next_step}".rstrip()


class ConfigurationErrors(Exception):
    """The configuration cannot be used; ``errors`` lists everything that is wrong with it."""

    def __init__(self, errors: Sequence[ConfigurationError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


def from_validation(
    error: ValidationError,
    model: type[BaseModel],
    place: Callable[[tuple[int | str, ...]], tuple[str, str, str]],
) -> list[ConfigurationError]:
    """Turn pydantic's errors into ours; ``place`` maps a location to (file, entry, key)."""
    errors = []
    for detail in error.errors(include_url=False):
        file, entry, key = place(detail["loc"])
        problem, next_step = _wording(detail, model)
        errors.append(ConfigurationError(file=file, entry=entry, key=key, problem=problem, next_step=next_step))
    return errors


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return ``Did you mean "x"?``, or the list of what is known."""
    close = get_close_matches(name, known, n=1)
    return f'Did you mean "{close[0]}"?' if close else f"Known here: {', '.join(sorted(known))}."


def models_along(model: type[BaseModel], loc: Sequence[int | str]) -> list[type[BaseModel]]:
    """Return the models that a location passes through, the outermost first."""
    models = [model]
    for part in loc:
        field = models[-1].model_fields.get(str(part))
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            break
        models.append(inner)
    return models


def _wording(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    loc, value = detail["loc"], detail["input"]
    if detail["type"] == "extra_forbidden":
        return "is not a known key.", suggestion(str(loc[-1]), list(models_along(model, loc[:-1])[-1].model_fields))
    if detail["type"] == "missing":
        return "is missing.", "Add it."
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    shown = isinstance(value, str | int | float | bool) and not _is_secret(model, loc)
    return f"{f'is {value!r}: ' if shown else ''}{message}.", ""


def _is_secret(model: type[BaseModel], loc: Sequence[int | str]) -> bool:
    models = models_along(model, loc)
    fields = (inner.model_fields.get(str(part)) for inner, part in zip(models, loc, strict=False))
    return any(field is not None and SecretStr in _flat(field.annotation) for field in fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    models = (part for part in _flat(annotation) if isinstance(part, type) and issubclass(part, BaseModel))
    return next(models, None)


def _flat(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
