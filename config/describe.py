"""The settings as a table, so that the documents cannot say anything else than the code."""

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.sections import Section
from config.settings import Settings, variable, variables


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingRow:
    """One setting."""

    #: The environment variable; a secret file carries the same name.
    variable: str
    #: The default, as it would be written in the environment; empty for an empty text or list.
    default: str
    #: What it is for, in one sentence without a full stop.
    meaning: str


def settings_table() -> list[SettingRow]:
    """Return one row per setting, in the model's order."""
    return [
        SettingRow(variable=variable(*path), default=_written(field.default), meaning=field.description or "")
        for path in variables()
        for field in (_field(path),)
    ]


def _field(path: tuple[str, ...]) -> FieldInfo:
    field = Settings.model_fields[path[0]]
    if len(path) > 1 and isinstance(field.default, Section):
        return type(field.default).model_fields[path[1]]
    return field


def _written(default: Any) -> str:
    if isinstance(default, SecretStr):
        # The default address holds no password.
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(str(item) for item in default)
    return f"{default:g}" if isinstance(default, float) else str(default)
