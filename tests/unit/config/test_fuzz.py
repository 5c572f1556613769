"""Exports files as nobody should write them: usable, or refused with every error and its place; no token in it."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.deployment import DEPLOY
from support.fuzzing import broken_bytes, fuzzed
from support.secrecy.marks import SECRET, holding

from config.errors import ConfigurationErrors
from config.exports_file import load_exports

SAMPLE = (DEPLOY / "exports.example.toml").read_text(encoding="utf-8")
#: Whatever variable the sample names, there is a token in it.
TOKENS = {name: f"{SECRET}-{name}" for name in re.findall(r'_env *= *"(\w+)"', SAMPLE)} | {"OTHER": f"{SECRET}-other"}
LITERALS = st.one_of(
    st.sampled_from(
        [
            *('""', '"main"', '"voucher"', '"OTHER"', '"../../etc/passwd"', '"/etc/passwd"', '"\\u0000"', '"""a\nb"""'),
            *('"https://["', '"http://x:99999"', '"http://[::1"', "2026-11-20", "07:32:00", "1979-05-27T07:32:00Z"),
            *("0", "-1", "1e999999999", "inf", "nan", "true", "9999999999999999999999", "0.001", '"0.001"', ""),
            *("[]", "{}", "[[]]", "{ a = 1 }", '["x"]'),
        ]
    ),
    st.integers().map(str),
    st.text(alphabet="abcæ1-_.:/ ", max_size=10).map(lambda text: f'"{text}"'),
)  # fmt: skip
KEYS = st.sampled_from(
    ["name", "method", "grant_token", "grant_token_env", "grant_token_file", "app_secret_token_env", "api_url",
     "openapi_url", "journal", "agreement", "customers", "codes", "start_text", "limits.share", '"ø"', "", "a.b.c"]
)  # fmt: skip
TABLES = st.sampled_from(
    ["[exports.main]", "[exports]", "[[exports.main]]", "[defaults]", "[exports.Æ]", "[exports.main.x]", "["]
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return the sample with up to four of its lines changed, doubled, dropped or put elsewhere."""
    lines = SAMPLE.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        key, equals, value = lines[at].partition("=")
        lines[at] = draw(
            st.one_of(
                LITERALS.map(lambda literal, key=key: f"{key}= {literal}"),
                KEYS.map(lambda other, value=value, equals=equals: f"{other} {equals or '='} {value or 1}"),
                st.tuples(KEYS, LITERALS).map(lambda pair, line=lines[at]: f"{line}\n{pair[0]} = {pair[1]}"),
                TABLES,
                st.just(""),
                st.just(f"{lines[at]}\n{lines[at]}"),
            )
        )
    return "\n".join(lines).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name in re.findall(r'_file *= *"(\w+)"', SAMPLE):
        (folder / name).write_text(f"{SECRET}-{name}")
    return folder


def _loaded(content: bytes, folder: Path) -> None:
    path = folder / "exports.toml"
    path.write_bytes(content)
    report = _report(path)

    assert report
    assert holding(SECRET, {"report": report}) == []


def _report(path: Path) -> str:
    """Return the exports, or what is wrong with them, as they would be printed."""
    try:
        return repr(load_exports(path, env=TOKENS, secrets=path.parent))
    except ConfigurationErrors as errors:
        return "\n".join(f"{error}" for error in errors.errors if error.problem)


def test_the_sample_itself_is_usable(folder: Path) -> None:
    """Else every mutation of it would be refused for the same reason, and nothing be learnt."""
    (folder / "sample.toml").write_text(SAMPLE)

    assert load_exports(folder / "sample.toml", env=TOKENS, secrets=folder)


@fuzzed(300)
@given(content=files())
def test_changed_lines_are_accepted_or_report(folder: Path, content: bytes) -> None:
    """Any literal under any key, in any table."""
    _loaded(content, folder)


@fuzzed(200)
@given(mutate=broken_bytes())
def test_broken_bytes_are_accepted_or_report(folder: Path, mutate: Any) -> None:
    """A file cut short by a full disk, or saved by something that is no editor."""
    _loaded(mutate(SAMPLE.encode()), folder)
