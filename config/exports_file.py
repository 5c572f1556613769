"""The exports file: TOML with one ``[exports.<name>]`` table per invoice export; all errors are reported at once."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from config.cells import HOME, Cell, crossings, read_cells
from config.errors import ConfigurationError, ConfigurationErrors, from_validation, suggestion
from config.exports import ExportConfig, ExportName
from config.named_secret import SecretMissing, read_secret, usable
from config.notify_section import channel_errors
from config.sftp_address import sftp_problems
from config.targets import disagreements, split_addresses, unsafe_addresses

#: The two tokens of every call to e-conomic (e-conomic REST docs, Authentication).
TOKENS = ("grant_token", "app_secret_token")
SOURCES = tuple(f"{token}_{kind}" for token in TOKENS for kind in ("env", "file"))

#: Opter's key -> the exports file's key.
KEYS = {"exportMethod": "method", "journalNumber": "journal"}
_METHODS = ("invoice", "voucher")


def read_start_text(text: str) -> tuple[dict[str, str | int], list[str]]:
    """Return the settings that the text stands for, in the exports file's spelling, and what is wrong with it."""
    settings: dict[str, str | int] = {}
    problems: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = (part.strip() for part in line.partition("="))
        problem = _problem(key, equals, value, settings)
        if problem:
            problems.append(problem)
        else:
            settings[KEYS[key]] = int(value) if key == "journalNumber" else value
    if "journal" in settings and settings.get("method") != "voucher":
        problems.append("journalNumber is set without exportMethod=voucher.")
    return settings, problems


def _problem(key: str, equals: str, value: str, known: dict[str, str | int]) -> str:
    if not equals:
        return f"{key!r} is not of the form key=value."
    if key not in KEYS:
        return f"{key!r} is not a known key. {suggestion(key, list(KEYS))}"
    if KEYS[key] in known:
        return f"{key} is there twice."
    if key == "exportMethod" and value not in _METHODS:
        return f"exportMethod is {value!r}; it is invoice or voucher."
    if key == "journalNumber" and not (value.isascii() and value.isdigit() and int(value) > 0):
        return f"journalNumber is {value!r}; it is a number from 1 on."
    return ""


_TOP = ("defaults", "exports", "stores")
#: Keys of an entry, as they are spelled in the file: its tokens only by where they come from.
_KEYS = sorted((ExportConfig.model_fields.keys() - {"name", "cell", *TOKENS}) | {*SOURCES, "start_text"})
#: By method: what cannot differ by invoice type, because the method does not know it.
_IDLE = {"invoice": ("journal",), "voucher": ("numbers", "layout")}


def load_exports(path: Path, *, env: Mapping[str, str], secrets: Path) -> Mapping[str, ExportConfig]:
    """Read the exports file; relative ``*_token_file`` names are looked up in ``secrets``.

    Raises ``ConfigurationErrors`` with everything that is wrong in the file.
    """
    document = _parsed(path)
    reader = _Reader(str(path), env, secrets)
    exports = reader.read(document)
    for error in (*disagreements(exports), *crossings(exports)):
        reader.note(*error)
    if reader.errors:
        raise ConfigurationErrors(reader.errors)
    return MappingProxyType(exports)


def load_with_grant(path: Path, name: str, grant: str, *, env: Mapping[str, str], secrets: Path) -> ExportConfig:
    """Read one entry as it would be with this grant token, which need not be stored yet.

    Raises ``ConfigurationErrors`` with what is wrong in that entry.
    """
    document = _parsed(path)
    reader = _Reader(str(path), env, secrets, grant=grant)
    reader.read_stores(document)
    entries = reader._table(document, "exports")  # noqa: SLF001  # of this file
    if name not in entries:
        reader.note(f"exports.{name}", "", "there is no such export.", f"There are: {', '.join(sorted(entries))}.")
    export = reader._export(name, entries, reader._table(document, "defaults")) if name in entries else None  # noqa: SLF001  # the same
    if reader.errors or export is None:
        raise ConfigurationErrors(reader.errors)
    return export


def grant_file(path: Path, name: str, *, secrets: Path) -> Path:
    """Return the file that holds an export's grant token. Raises ``ConfigurationErrors`` where no file does."""
    document = _parsed(path)
    entries = document.get("exports", {})
    entry = _merged(document.get("defaults", {}), entries.get(name, {})) if isinstance(entries, dict) else {}
    file = entry.get("grant_token_file")
    if isinstance(file, str) and file:
        return secrets / file
    problem = "is not there: a token can be stored in a file alone."
    step = f'Name one, for example grant_token_file = "economic_grant_token_{name}", in place of grant_token_env.'
    place = {"file": str(path), "entry": f"exports.{name}", "key": "grant_token_file"}
    raise ConfigurationErrors([ConfigurationError(**place, problem=problem, next_step=step)])


class _Reader:
    """Reads entry after entry and collects what is wrong."""

    def __init__(self, file: str, env: Mapping[str, str], secrets: Path, *, grant: str = "") -> None:
        """``grant``: a grant token that takes the place of the one that the file leads to."""
        self.file, self.env, self.secrets, self.grant = file, env, secrets, grant
        self.errors: list[ConfigurationError] = []
        #: The stores that the file names.
        self.cells: Mapping[str, Cell] = {}

    def note(self, entry: str, key: str, problem: str, next_step: str = "") -> None:
        error = ConfigurationError(file=self.file, entry=entry, key=key, problem=problem, next_step=next_step)
        self.errors.append(error)

    def read(self, document: dict[str, Any]) -> dict[str, ExportConfig]:
        for key in document.keys() - set(_TOP):
            self.note("", key, "is not a known table.", suggestion(key, _TOP))
        self.read_stores(document)
        defaults = self._table(document, "defaults")
        entries = self._table(document, "exports")
        if not entries:
            self.note("", "exports", "there is no export.", "Add a table [exports.<name>] for each.")
        read = ((name, self._export(name, entries, defaults)) for name in entries)
        return {name: export for name, export in read if export is not None}

    def read_stores(self, document: dict[str, Any]) -> None:
        """Read the stores, which the exports name."""

        def address(key: str, table: Mapping[str, Any]) -> str:
            return read_secret(key, table, env=self.env, secrets=self.secrets, what="address")

        self.cells = read_cells(self._table(document, "stores"), address, self.note)

    def _table(self, parent: dict[str, Any], key: str, place: str = "") -> dict[str, Any]:
        table = parent.get(key, {})
        if isinstance(table, dict):
            return table
        self.note(place, key, "is not a table.", f"Write [{f'{place}.' if place else ''}{key}].")
        return {}

    def _export(self, name: str, entries: dict[str, Any], defaults: dict[str, Any]) -> ExportConfig | None:
        place = f"exports.{name}"
        own = self._table(entries, name, "exports")
        fitting = self._fitting_name(name, place)
        entry = self._with_start_text(_merged(defaults, own), own, place)
        self._check_types(own.get("types"), entry.get("method", "invoice"), place)
        name_of_store = entry.get("store")
        if isinstance(name_of_store, str) and name_of_store not in {"", HOME, *self.cells}:
            self.note(place, "store", "names no store of this file.", f"Add [stores.{name_of_store}] with its url_env.")
        for key in entry.keys() - {*_KEYS, "name", *TOKENS}:
            self.note(place, key, "is not a known key.", suggestion(key, _KEYS))
        values = {
            key: value
            for key, value in entry.items()
            if key in ExportConfig.model_fields and key not in {"cell", *TOKENS}
        }
        values |= self._place(entry.get("store"))
        for token in TOKENS:
            # Continues without the token, so that the other errors of the entry are found too; this one stops the load.
            values[token] = ""
            try:
                if token == "grant_token" and self.grant:  # noqa: S105  # the name of one
                    values[token] = usable(self.grant, "the token", "token")
                    continue
                values[token] = read_secret(token, entry, env=self.env, secrets=self.secrets)
            except SecretMissing as missing:
                self.note(place, token, str(missing))
        if "name" in values:
            self.note(place, "name", "is not a known key: the table's name is the export's name.", "Take it out.")
        return self._validated(values | {"name": fitting}, place)

    def _place(self, store: Any) -> dict[str, Any]:
        """Return where an export's records are, as the model has it."""
        if not isinstance(store, str):
            return {}
        return {"store": "" if store == HOME else store, "cell": self.cells.get(store)}

    def _fitting_name(self, name: str, place: str) -> str:
        """Return the name; in place of one that does not fit, one that does not hide the entry's other errors."""
        try:
            return TypeAdapter[str](ExportName).validate_python(name)
        except ValidationError:
            self.note(place, "", "the name does not fit.", "Use at most 20 of a-z and 0-9, a letter first.")
            return "x"

    def _check_types(self, types: Any, method: Any, place: str) -> None:
        """Refuse keys of an invoice type that have no effect; what is no table at all, the model refuses."""
        for name, rules in types.items() if isinstance(types, dict) else ():
            for key in _IDLE.get(str(method), ()) if isinstance(rules, dict) else ():
                if key in rules:
                    self.note(place, f"types.{name}.{key}", f"has no effect with the {method} method.", "Take it out.")

    def _with_start_text(self, entry: dict[str, Any], own: dict[str, Any], place: str) -> dict[str, Any]:
        if "start_text" not in entry:
            if "journal" in own and entry.get("method") != "voucher":
                self.note(place, "journal", "is set without the voucher method.", 'Add method = "voucher".')
            return entry
        settings, problems = read_start_text(str(entry["start_text"]))
        for problem in problems:
            self.note(place, "start_text", problem)
        for key in settings.keys() & own.keys():
            if own[key] != settings[key]:
                self.note(place, key, f"is {own[key]!r}, but start_text says {settings[key]!r}.", "Keep one of them.")
        return {key: value for key, value in (entry | settings).items() if key != "start_text"}

    def _validated(self, values: dict[str, Any], place: str) -> ExportConfig | None:
        try:
            export = ExportConfig.model_validate(values)
        except ValidationError as error:
            self.errors += from_validation(error, ExportConfig, lambda loc: (self.file, place, _key(loc)))
            return None
        for key, *wrong in (
            *unsafe_addresses(export),
            *split_addresses(export),
            *sftp_problems(export.source),
            *channel_errors(export),
        ):
            self.note(place, key, *wrong)
        if export.method == "voucher" and not export.codes.tax_rates:
            problem = "is missing, and the voucher method needs it."
            self.note(place, "codes.tax_rates", problem, "Pair every Opter VAT code.")
        return export


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})."
        next_step = "Copy deploy/exports.example.toml and set OPTER_ECONOMIC_EXPORTS_FILE."
    except tomllib.TOMLDecodeError as error:
        # The parser's text names line and column only; it never quotes a value.
        problem, next_step = f"is not TOML: {error}.", "Correct that line."
    except (UnicodeDecodeError, RecursionError):
        problem, next_step = "is not UTF-8 text, or nested too deeply.", "Save it as UTF-8."
    raise ConfigurationErrors(
        [ConfigurationError(file=str(path), entry="", key="", problem=problem, next_step=next_step)]
    ) from None


def _merged(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Lay an entry over the defaults, table by table; a token source of its own replaces the default one."""
    pairs = [{f"{token}_env", f"{token}_file"} for token in TOKENS]
    replaced = {source for pair in pairs if pair & own.keys() for source in pair}
    merged = {key: value for key, value in defaults.items() if key not in replaced}
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _key(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc if part != "[key]")
