"""The reference of the exports file: complete, and every default and example in it can be written just so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from config.docs_tables import KeyRow, KeyTable, exports_tables
from config.export_schema import TypeRules
from config.exports import ExportConfig, InvoiceTypeName
from config.exports_file import SOURCES, load_exports
from config.notify_section import Channel

ROWS = [(table, row) for table in exports_tables() for row in table.rows]
KEYS = [f"{table.name}: {row.key}" for table, row in ROWS]
#: Keys that only one method knows.
VOUCHER_ONLY = {("exports.NAME", "journal"), ("exports.NAME.types.TYPE", "journal")}
#: What an SFTP server needs beside its address.
SFTP = {
    "folder": '"/var/lib/opter"',
    "sftp": '"sftp://me@h/out"',
    "sftp_host_key": '"ssh-ed25519 AAAAC3Nz"',
    "sftp_key_file": '"key"',
}
TOGETHER = ("api_url", "openapi_url")


def loaded(folder: Path, table: KeyTable, row: KeyRow, value: str) -> ExportConfig:
    """Load a file with nothing but what is required, and one key more or otherwise."""
    place, key = table.name.replace("NAME", "main").replace("TYPE", "interest").replace("CHANNEL", "finance"), row.key
    method = "voucher" if (table.name, key) in VOUCHER_ONLY or value == '"voucher"' else "invoice"
    tables: dict[str, dict[str, str]] = {
        "exports.main": {"method": f'"{method}"', "grant_token_env": '"T"', "app_secret_token_env": '"T"'},
        "exports.main.customers": {"group": "1", "layout": "19"},
        "exports.main.codes": {"tax_rates": '{ "M25" = "U25" }'},
        "stores.north": {"url_env": '"R"'},
    }
    # The two addresses lead to one place: both to e-conomic, or both to the sandbox.
    tables.setdefault(place, {}).update(dict.fromkeys(TOGETHER if key in TOGETHER else [key], value))
    if key.startswith("sftp"):
        tables[place] = SFTP | tables[place]
        if key == "sftp_password_file":
            del tables[place]["sftp_key_file"]
    if ".channels." in place and not key.startswith("url"):
        tables[place]["url_env"] = '"T"'
    if key == "bulk":
        tables[place] |= {"missing_pdf": '"post"', "book": "false"}
    if key == "start_text":
        del tables[place]["method"]
    if key in SOURCES:
        (folder / value.strip('"')).write_text("token-4711")
    if key in SOURCES and key.endswith("_file"):
        del tables[place][key.replace("_file", "_env")]
    return _load(folder, tables, {"T": "token-1", "R": "redis://north:6379/0", value.strip('"'): "token-4711"})


def _load(folder: Path, tables: Mapping[str, Mapping[str, str]], env: Mapping[str, str]) -> ExportConfig:
    lines = [line for name, keys in tables.items() for line in (f"[{name}]", *(f"{k} = {v}" for k, v in keys.items()))]
    file = folder / "exports.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return load_exports(file, env=env, secrets=folder)["main"]


def value_of(export: ExportConfig, table: KeyTable, key: str) -> Any:
    """Return what a key came to."""
    if table.name == "exports.NAME.types.TYPE":
        return getattr(export.rules_of("interest"), key)
    if table.name == "exports.NAME.channels.CHANNEL":
        return getattr(export.channels["finance"], key)
    section = table.name.removeprefix("exports.NAME").removeprefix(".")
    return getattr(getattr(export, section) if section else export, key)


def default_of(table: KeyTable, key: str) -> Any:
    if table.name == "exports.NAME.types.TYPE":
        return TypeRules.model_fields[key].default
    if table.name == "exports.NAME.channels.CHANNEL":
        return Channel.model_fields[key].default
    section = table.name.removeprefix("exports.NAME").removeprefix(".")
    model: Any = ExportConfig.model_fields[section].annotation if section else ExportConfig
    return model.model_fields[key].get_default(call_default_factory=True)


def test_every_key_is_in_a_table() -> None:
    """Those of the model, table by table; secrets and name come from other keys."""
    by_other_keys = {"name", "cell", *(source.rpartition("_")[0] for source in SOURCES)}
    sections = {name for name, field in ExportConfig.model_fields.items() if not field.description} - by_other_keys
    own = {f"exports.NAME: {key}" for key in ExportConfig.model_fields.keys() - sections - by_other_keys}
    inner = {
        f"exports.NAME.{name}: {key}"
        for name in sections - {"types", "channels"}
        for key in ExportConfig.model_fields[name].annotation.model_fields  # type: ignore[union-attr]  # they are tables
    }
    types = {f"exports.NAME.types.TYPE: {key}" for key in TypeRules.model_fields}
    types |= {f"exports.NAME.channels.CHANNEL: {key}" for key in Channel.model_fields}
    file = {f"exports.NAME: {key}" for key in (*SOURCES, "start_text")}

    assert sorted(own | inner | types | file) == sorted(KEYS)


@pytest.mark.parametrize(("table", "row"), ROWS, ids=KEYS)
def test_every_example_can_be_written_and_changes_something(tmp_path: Path, table: KeyTable, row: KeyRow) -> None:
    """It loads, and what it sets is not what would be without it."""
    export = loaded(tmp_path, table, row, row.example)

    if row.key == "start_text":
        assert (export.method, export.journal) == ("voucher", 2)
    elif row.key in SOURCES:
        token = getattr(export, row.key.rpartition("_")[0])
        assert token.get_secret_value() == "token-4711"
    else:
        assert value_of(export, table, row.key) != default_of(table, row.key)


@pytest.mark.parametrize(
    ("table", "row"),
    [(table, row) for table, row in ROWS if row.default and row.key != "tax_rates"],
    ids=[f"{table.name}: {row.key}" for table, row in ROWS if row.default and row.key != "tax_rates"],
)
def test_every_default_can_be_written(tmp_path: Path, table: KeyTable, row: KeyRow) -> None:
    """A file that spells the default out is the same as one that leaves the key out."""
    export = loaded(tmp_path, table, row, row.default)

    assert value_of(export, table, row.key) == default_of(table, row.key)


def test_every_invoice_type_is_named() -> None:
    """The document lists the types that may stand for TYPE."""
    text = (Path(__file__).parents[3] / "deploy" / "docs" / "exports.md").read_text(encoding="utf-8")

    assert [name for name in get_args(InvoiceTypeName) if f"`{name}`" not in text] == []
