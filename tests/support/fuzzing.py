"""Mutations: of bytes, and of one value anywhere inside well-formed JSON. ``FUZZ_EXAMPLES`` sets how many are tried."""

import copy
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

#: What programs stumble over: numbers that grow when they are unfolded, halves of characters, words of other formats.
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        "", " ", "-0", "NaN", "1e9", "9" * 40, "null", "\0", "\ud800", "\u202e", "../../etc/passwd", "{}", "' OR 1=1",
        0, -1, 2**31, 2**63, 10**30, -(10**30), 0.1, 1e308, True, False, None, [], {}, [[]], {"": {}}, [None],
    ]
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8), ODD)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=5,
)
_JUNK = st.one_of(
    st.binary(max_size=6), st.sampled_from([b"null", b"-", b"1e999999999", b'"', b"{", b"[]", b"\\ud800"])
)


def fuzzed(short: int, *, shared_by: int = 1) -> settings:
    """Return hypothesis settings with this many examples, or as many as ``FUZZ_EXAMPLES`` says (``make fuzz``).

    ``shared_by`` parameters of one test share the latter.
    """
    count = int(os.environ.get("FUZZ_EXAMPLES", short * shared_by)) // shared_by
    return settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def broken_bytes() -> st.SearchStrategy[Callable[[bytes], bytes]]:
    """Return what cuts, inserts or overwrites, one to three times in a row."""
    position = st.integers(0, 100_000)
    cut = position.map(lambda at: lambda data: data[: at % (len(data) + 1)])
    insert = st.tuples(position, _JUNK).map(
        lambda pick: lambda data: data[: pick[0] % (len(data) + 1)] + pick[1] + data[pick[0] % (len(data) + 1) :]
    )
    swap = st.tuples(position, st.integers(1, 8), _JUNK).map(
        lambda pick: lambda data: data[: (at := pick[0] % (len(data) + 1))] + pick[2] + data[at + pick[1] :]
    )
    return st.lists(st.one_of(cut, insert, swap), min_size=1, max_size=3).map(_in_turn)


def changed(draw: st.DrawFn, document: Any) -> Any:
    """Return a copy in which one value, drawn anywhere below the root, is another, or gone."""
    changed_document = copy.deepcopy(document)
    if not isinstance(changed_document, dict | list) or not changed_document:
        return draw(ANY_JSON)
    node, key = changed_document, draw(st.sampled_from(_keys(changed_document)))
    while isinstance(node[key], dict | list) and node[key] and draw(st.integers(0, 3)):
        node = node[key]
        key = draw(st.sampled_from(_keys(node)))
    if draw(st.integers(0, 4)):
        node[key] = draw(ANY_JSON)
    else:
        del node[key]
    return changed_document


def _keys(node: Any) -> list[Any]:
    return sorted(node) if isinstance(node, dict) else list(range(len(node)))


def _in_turn(steps: list[Callable[[bytes], bytes]]) -> Callable[[bytes], bytes]:
    def all_of_them(data: bytes) -> bytes:
        for step in steps:
            data = step(data)
        return data

    return all_of_them
