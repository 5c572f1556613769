"""Stores that exports name: what the file may say, and what becomes of the settings."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.cells import cells_of, exports_in, settings_of
from config.errors import ConfigurationErrors
from config.exports import ExportConfig
from config.exports_file import load_exports
from config.exports_watch import refused_changes
from config.settings import Settings

_ENV = {
    "GRANT_MAIN": "grant-main",
    "GRANT_NORTH": "grant-north",
    "APP": "app-secret-of-ours",
    "URL_NORTH": "redis://:pass@north.example:6379/0",
    "URL_SOUTH": "redis://:pass@south.example:6379/0",
    "NO_URL": "north.example",
}
_STORES = '[stores.north]\nurl_env = "URL_NORTH"\n[stores.south]\nurl_env = "URL_SOUTH"\n'


def _entry(name: str, more: str = "", *, grant: str = "") -> str:
    return f"""
[exports.{name}]
grant_token_env = "{grant or f"GRANT_{name.upper()}"}"
app_secret_token_env = "APP"
{more}
[exports.{name}.customers]
group = 1
layout = 19
"""


def _load(folder: Path, text: str) -> dict[str, ExportConfig]:
    path = folder / "exports.toml"
    path.write_text(text)
    return dict(load_exports(path, env=_ENV, secrets=folder))


def _errors(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationErrors) as refused:
        _load(folder, text)
    return str(refused.value)


def test_an_export_names_its_store(tmp_path: Path) -> None:
    """Without a name, or by ``default``, it is in the store of the settings."""
    text = _STORES + _entry("main", 'store = "default"') + _entry("north", 'store = "north"')
    exports = _load(tmp_path, text)
    assert (exports["main"].store, exports["main"].cell) == ("", None)
    cell = exports["north"].cell
    assert cell is not None
    assert cell.url.get_secret_value() == _ENV["URL_NORTH"]
    assert cells_of(exports) == [None, cell]  # south is nobody's
    assert [exports_in(exports, each).keys() for each in (None, cell)] == [{"main"}, {"north"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_entry("north", 'store = "west"'), "exports.north: store: names no store of this file"),
        ('[stores.default]\nurl_env = "URL_NORTH"\n' + _entry("main"), "is the store of the settings"),
        ('[stores.north]\nurl = "redis://north"\n' + _entry("main"), "is not a known key"),
        ("[stores.north]\n" + _entry("main"), "has no source"),
        ('[stores.north]\nurl_env = "NO_URL"\n' + _entry("main"), "holds no address of a Redis"),
        ('[stores.north]\nurl_env = "redis://:pass@north.example"\n' + _entry("main"), "seems to hold the address"),
        ('[stores.No-rth]\nurl_env = "URL_NORTH"\n' + _entry("main"), "the name does not fit"),
        (
            _STORES.replace("URL_SOUTH", "URL_NORTH")
            + _entry("main", 'store = "south"')
            + _entry("north", 'store = "north"'),
            "has the address of stores.north",
        ),
        (
            _STORES + _entry("main", grant="GRANT_MAIN") + _entry("north", 'store = "north"', grant="GRANT_MAIN"),
            "has the same grant token, is in the store default",
        ),
        (
            _STORES + _entry("main", "agreement = 7") + _entry("north", 'agreement = 7\nstore = "north"'),
            "has the same agreement, is in the store default",
        ),
        (
            _STORES
            + _entry("main", "limits.app_tokens_per_minute = 100")
            + _entry("north", 'store = "north"\nlimits.app_tokens_per_minute = 100'),
            "has the same app, whose calls are limited as a whole",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Each with its place, and no address in the words."""
    found = _errors(tmp_path, text)
    assert said in found
    assert "pass@" not in found


def test_the_settings_of_a_store(tmp_path: Path) -> None:
    """Its own Redis and archive; the broker, and all else, is the installation's."""
    exports = _load(tmp_path, _STORES + _entry("north", 'store = "north"'))
    home = Settings().model_copy(update={"data_folder": tmp_path})
    own = settings_of(home, exports["north"].cell)
    assert own.redis.url == SecretStr(_ENV["URL_NORTH"])
    assert own.broker.url == home.redis.url
    assert own.archive_url == ""  # on another machine, and none is named
    assert own.archive_file == tmp_path / "north" / "archive.sqlite"
    assert own.archive_checkpoints == tmp_path / "north" / "archive-checkpoints.jsonl"
    assert own.redis.prefix == home.redis.prefix
    assert settings_of(home, None) is home


def test_a_running_process_takes_no_other_store(tmp_path: Path) -> None:
    """Neither another one for an export, nor one that it does not know, nor another address of the same."""
    before = _load(tmp_path, _STORES + _entry("main") + _entry("north", 'store = "north"'))

    def refused(text: str) -> list[str]:
        return [f"{each.entry} {each.problem}" for each in refused_changes(before, _load(tmp_path, text), file="f")]

    same = _STORES + _entry("main") + _entry("north", 'store = "north"')
    also = _entry("west", 'store = "north"', grant="APP")
    assert refused(same + also) == []
    moved = refused(_STORES + _entry("main") + _entry("north", 'store = "south"'))
    assert moved == ["exports.north is south; it was north."]
    added = refused(same + _entry("west", 'store = "south"', grant="APP"))
    assert added == ["exports.west is south, which the running processes do not know."]
    swapped = {"URL_NORTH": "URL_SOUTH", "URL_SOUTH": "URL_NORTH"}
    other = refused("".join(swapped.get(word, word) for word in re.split(r"(URL_[A-Z]+)", same)))
    assert other == ["exports.north is north, whose addresses are others than before."]
