"""Settings and exports-file keys as tables for the documents, made from the models."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.cells import KEYS as STORE_KEYS
from config.export_schema import TypeRules
from config.exports import ExportConfig
from config.notify_section import Channel
from config.settings import Settings, variable, variables
from config.settings_sections import Section


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
    rows = []
    for path in variables():
        field = Settings.model_fields[path[0]]
        if len(path) > 1 and isinstance(field.default, Section):
            field = type(field.default).model_fields[path[1]]
        default, meaning = _written(field.default), field.description or ""
        rows.append(SettingRow(variable=variable(*path), default=default, meaning=meaning))
    return rows


def _written(default: Any) -> str:
    if isinstance(default, SecretStr):
        # The default address holds no password.
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(str(item) for item in default)
    return f"{default:g}" if isinstance(default, float) else str(default)


#: Keys of the file that are no fields of an export but are resolved into them: an example, and the meaning.
_IN_THE_FILE: Mapping[str, tuple[str, str]] = {
    "grant_token_env": ("ECONOMIC_GRANT_TOKEN_MAIN", "Environment variable that holds the agreement grant token"),
    "grant_token_file": (
        "economic_grant_token_main",
        "File that holds the agreement grant token instead, in `/run/secrets` unless its path is absolute",
    ),
    "app_secret_token_env": ("ECONOMIC_APP_SECRET_TOKEN", "Environment variable that holds the app secret token"),
    "app_secret_token_file": (
        "economic_app_secret_token",
        "File that holds the app secret token instead, in `/run/secrets` unless its path is absolute",
    ),
    "start_text": (
        "exportMethod=voucher\njournalNumber=2",
        "Opter's Start text as it is there, one `key=value` a line, instead of `method` and `journal`",
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRow:
    """One key of a table."""

    key: str
    #: As it would be written in the file; empty: none.
    default: str
    example: str
    required: bool
    #: What it is for, without a full stop.
    meaning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyTable:
    """One table of the exports file."""

    #: For example ``exports.NAME.customers``.
    name: str
    meaning: str
    rows: tuple[KeyRow, ...]


def written(value: Any) -> str:
    """Return a value as the exports file spells it (TOML)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str | Decimal):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, dict):
        pairs = ", ".join(f"{written(key)} = {written(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(written, value))}]"
    return "" if value is None else str(value)


#: Tables of tables: what is in each, and what their names stand for.
_NAMED: Mapping[str, tuple[type[Section], str]] = {"types": (TypeRules, ".TYPE"), "channels": (Channel, ".CHANNEL")}


def exports_tables() -> Iterator[KeyTable]:
    """Yield every table of an export, in the model's order, its own keys first."""
    own = [_row(name, field) for name, field in ExportConfig.model_fields.items() if field.description]
    in_the_file = [
        KeyRow(key=key, default="", example=written(example), required=False, meaning=meaning)
        for key, (example, meaning) in _IN_THE_FILE.items()
    ]
    meaning = "The export itself: which agreement it goes to, and by which method."
    yield KeyTable(name="exports.NAME", meaning=meaning, rows=(*in_the_file, *own))
    for name, field in ExportConfig.model_fields.items():
        section = _NAMED.get(name, (field.annotation, ""))[0]
        if isinstance(section, type) and issubclass(section, Section):
            rows = tuple(_row(key, inner) for key, inner in section.model_fields.items())
            place = f"exports.NAME.{name}" + _NAMED.get(name, (None, ""))[1]
            yield KeyTable(name=place, meaning=(section.__doc__ or "").splitlines()[0], rows=rows)


def store_table() -> KeyTable:
    """Return the table of a store that exports name."""
    rows = tuple(
        KeyRow(key=key, default="", example=written(example), required=False, meaning=meaning)
        for key, (example, meaning) in STORE_KEYS.items()
    )
    meaning = "A store besides that of the settings, for the exports that name it: a Redis, and an archive, of its own."
    return KeyTable(name="stores.NAME", meaning=meaning, rows=rows)


def _row(key: str, field: FieldInfo) -> KeyRow:
    [example] = field.examples or []
    return KeyRow(
        key=key,
        default="" if field.is_required() else written(field.get_default(call_default_factory=True)),
        example=written(example),
        required=field.is_required(),
        meaning=field.description or "",
    )
