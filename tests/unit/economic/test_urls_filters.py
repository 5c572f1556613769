"""Filters: escaped as measured, held against a model of the grammar."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.economic import urls

NOWHERE = "matches nothing"


def understood(expression: str) -> tuple[str, str]:
    """Read ``field$eq:value`` as the live agreement did: ``)`` ends it, and an escaped bracket matches nothing."""
    field, _, rest = expression.partition("$eq:")
    value = ""
    for token in re.findall(r"\$.?|[^$]", rest, re.DOTALL):
        if token in ("$[", "$]"):
            return field, NOWHERE
        if token == ")" or (token[0] == "$" and token[1:] not in set("$()*,")):
            raise ValueError(f"{token} is no value")
        value += token[-1]
    return field, value


@given(st.text())
def test_a_value_comes_back_as_it_was(value: str) -> None:
    """No name, however odd, becomes another filter."""
    assert understood(urls.equals("name", value)) == ("name", value)


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ("Acme A/S", "name$eq:Acme A/S"),
        ("A$B", "name$eq:A$$B"),
        ("Fragt (Nord)", "name$eq:Fragt $(Nord$)"),
        ("A, B * C", "name$eq:A$, B $* C"),
        ("[x]", "name$eq:[x]"),  # escaped it would match nothing
        ("$null:", "name$eq:$$null:"),  # a value, not the operator
    ],
)
def test_escapes_as_measured(value: str, expression: str) -> None:
    """``$ ( ) * ,`` are escaped, brackets are not."""
    assert urls.equals("name", value) == expression


@given(st.text())
def test_the_query_string_carries_it_unharmed(value: str) -> None:
    """Percent-encoding loses nothing and leaves no character that ends a query."""
    encoded = urls.encoded(urls.equals("name", value))

    assert unquote(encoded) == urls.equals("name", value)
    assert re.fullmatch(r"[A-Za-z0-9_.~$:,%-]*", encoded)


@given(
    st.lists(st.one_of(st.from_regex(r"[A-Za-z0-9-]{1,60}", fullmatch=True), st.text(max_size=20))), st.integers(1, 9)
)
def test_every_value_stands_once_in_filters_of_bounded_size(values: list[str], most: int) -> None:
    """Filters cover all values but the empty string, hold at most ``most`` each, and stay short."""
    values_filtered: list[str] = []
    for expression in urls.lookups("references.other", values, most=most):
        several = re.fullmatch(r"references\.other\$in:\[(.*)]", expression)
        chunk = several[1].split(",") if several else [understood(expression)[1]]
        assert len(chunk) <= most
        assert len(urls.encoded(expression)) <= urls.LONGEST or len(chunk) == 1
        values_filtered += chunk

    assert sorted(values_filtered) == sorted({value for value in values if value})


def test_an_empty_value_makes_no_filter() -> None:
    """An empty ``$in`` or ``$eq`` might match everything."""
    assert list(urls.lookups("name", ["", ""], most=9)) == []


def test_a_hundred_references_fit_one_filter() -> None:
    """Ordinary references: 100 x (16 + 1) characters would be two filters; 80 x 17 + 28 are one."""
    references = [f"main-DK1-{number:07}" for number in range(80)]

    assert len(list(urls.lookups("references.other", references, most=100))) == 1
