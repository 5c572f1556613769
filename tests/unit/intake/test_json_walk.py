"""The walk over JSON bytes: it finds what a parser finds, in one pass, and never ends in another error."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fuzzing import broken_bytes, fuzzed

from worker.intake.event_errors import EventRefused
from worker.intake.json_walk import JsonWalk, Slice

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@fuzzed(200)
@given(document=st.dictionaries(st.text(), VALUES, max_size=6), indent=st.sampled_from([None, 0, 2]))
def test_every_member_is_found(document: dict[str, Any], indent: int | None) -> None:
    """Names and values as a parser gives them, with white space, a byte order mark and escapes or without."""
    for raw in (
        json.dumps(document, indent=indent).encode("utf-8-sig"),
        json.dumps(document, indent=indent, ensure_ascii=False).encode(errors="replace"),
    ):
        walk = JsonWalk(raw)
        found = {}
        for name in walk.members():
            value = walk.skip()
            found[name] = json.loads(raw[value.start : value.end])
        walk.end()

        assert found == json.loads(raw)


@fuzzed(200)
@given(items=st.lists(VALUES, max_size=6))
def test_every_item_is_found(items: list[Any]) -> None:
    """In order."""
    raw = json.dumps(items).encode()

    assert [json.loads(raw[item.start : item.end]) for item in JsonWalk(raw).items()] == items


@fuzzed(300)
@given(mutate=broken_bytes())
def test_what_is_no_json_is_refused(mutate: Any) -> None:
    """Broken bytes lead to slices that a parser takes or refuses, or to a refusal here."""
    raw = mutate(b'{"a": [1, {"b\\"": "x"}, []], "c": "\\u00e6", "d": null}')
    with suppress(EventRefused):
        assert all(value.start < value.end <= len(raw) for value in _walked(raw))


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"a"', b'{"a":', b'{"a":}', b'{"a":1', b'{"a":1,}', b'{"a":1}x', b"{a:1}", b'{"a" 1}', b'{"a":"'],
)
def test_a_broken_object_is_refused(raw: bytes) -> None:
    """Wherever it breaks."""
    with pytest.raises(EventRefused):
        _walked(raw)


def _walked(raw: bytes) -> list[Slice]:
    walk = JsonWalk(raw)
    values = [walk.skip() for _ in walk.members()]
    walk.end()
    return values
