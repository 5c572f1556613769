"""Paths that are safe to send, and filters: escaped as measured, held against a model of the grammar."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.economic.urls import (
    LONGEST,
    checked,
    containing,
    equals,
    is_openapi,
    local,
    lookups,
    query_encoded,
    route,
    segment,
    segment_text,
    voucher_path,
)

NOWHERE = "matches nothing"


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("3010", "3010"),
        ("2025/2026", "2025_6_2026"),
        ("<>*%:&/\\_ ?.#+", "".join(f"_{n}_" for n in range(14))),
        ("..", "_11__11_"),
        ("blå", "bl%C3%A5"),
    ],
)
def test_awkward_characters_have_e_conomics_own_code(text: str, encoded: str) -> None:
    r"""``< > * % : & / \ _ space ? . # +`` are ``_0_`` to ``_13_``, so no product number can climb out of its path."""
    assert segment(text) == encoded


@given(text=st.text(alphabet=st.one_of(st.sampled_from("<>*%:&/\\_ ?.#+0123456789-a"), st.characters(codec="utf-8"))))
def test_what_is_encoded_is_read_back(text: str) -> None:
    """Underscores and digits beside each other included; nothing that means something in a path is left."""
    encoded = segment(text)

    assert segment_text(encoded) == text
    assert not set(encoded) & set("/?#.:& +")


@pytest.mark.parametrize(
    ("journal", "voucher", "path"),
    [
        (1, "2026-10001", "/journals/1/vouchers/2026-10001"),
        (7, "2025/2026-3", "/journals/7/vouchers/2025_6_2026-3"),
        (7, "2025/2026a-3", "/journals/7/vouchers/2025_6_2026a-3"),
    ],
)
def test_a_vouchers_path(journal: int, voucher: str, path: str) -> None:
    """``{year}-{number}``, the year encoded and the hyphen not."""
    assert voucher_path(journal, voucher) == path


@pytest.mark.parametrize(
    "path",
    ["/invoices/drafts", "/invoices/drafts/", "/invoices/drafts//", "/invoices/drafts/0", "/invoices/drafts/None"],
)
def test_a_delete_without_a_number_cannot_be_sent(path: str) -> None:
    """``DELETE /invoices/drafts`` would delete every draft of the agreement."""
    with pytest.raises(ValueError):
        checked("DELETE", path)


@pytest.mark.parametrize("path", ["/customers", "/customers/0", "/customers/None"])
def test_a_put_without_a_number_cannot_be_sent(path: str) -> None:
    """It would create what is not there."""
    with pytest.raises(ValueError):
        checked("PUT", path)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/invoices/drafts/17"), ("PUT", "/customers/1001")])
def test_with_a_number_it_can(method: str, path: str) -> None:
    """One draft, one customer."""
    assert checked(method, path) == path


@pytest.mark.parametrize("path", ["", "invoices", "https://else.where/x", "/a//b", "/a/../b", "/a?b=c", "/a b", "/a#b"])
def test_only_plain_paths_are_sent(path: str) -> None:
    """A write goes to one resource of this API."""
    with pytest.raises(ValueError):
        checked("POST", path)


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://api/customers?skippages=1&pagesize=1000", "/customers?skippages=1&pagesize=1000"),
        ("https://evil.example/customers?skippages=1", "/customers?skippages=1"),
        ("https://api.evil.example/self", "/self"),
    ],
)
def test_a_link_is_followed_on_our_host_only(link: str, path: str) -> None:
    """The tokens go nowhere else, whatever an answer says."""
    assert local(link, "https://api") == path


def test_services_are_told_apart() -> None:
    """The newer services live on a host of their own."""
    assert is_openapi("/journalsapi/v15.0.0/journals/1/book")
    assert not is_openapi("/invoices/drafts")


def test_routes_have_no_numbers() -> None:
    """Costs are learnt per route, and no product or customer number reaches a log."""
    assert route("/journals/1/vouchers/2026-17/attachment/file") == "/journals/{n}/vouchers/{n}/attachment/file"
    assert route("/products/FRAGT%20ABC?x=1") == "/products/{n}"


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
    assert understood(equals("name", value)) == ("name", value)


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
    assert equals("name", value) == expression


@given(st.text())
def test_the_query_string_carries_it_unharmed(value: str) -> None:
    """Percent-encoding loses nothing and leaves no character that ends a query."""
    encoded = query_encoded(equals("name", value))

    assert unquote(encoded) == equals("name", value)
    assert re.fullmatch(r"[A-Za-z0-9_.~$:,%-]*", encoded)


@given(
    st.lists(st.one_of(st.from_regex(r"[A-Za-z0-9-]{1,60}", fullmatch=True), st.text(max_size=20))), st.integers(1, 9)
)
def test_every_value_stands_once_in_filters_of_bounded_size(values: list[str], most: int) -> None:
    """Filters cover all values but the empty string, hold at most ``most`` each, and stay short."""
    values_filtered: list[str] = []
    for expression in lookups("references.other", values, most=most):
        several = re.fullmatch(r"references\.other\$in:\[(.*)]", expression)
        chunk = several[1].split(",") if several else [understood(expression)[1]]
        assert len(chunk) <= most
        assert len(query_encoded(expression)) <= LONGEST or len(chunk) == 1
        values_filtered += chunk

    assert sorted(values_filtered) == sorted({value for value in values if value})


def test_an_empty_value_makes_no_filter() -> None:
    """An empty ``$in`` or ``$eq`` might match everything."""
    assert list(lookups("name", ["", ""], most=9)) == []


def test_a_hundred_references_fit_one_filter() -> None:
    """Ordinary references: 100 x (16 + 1) characters would be two filters; 80 x 17 + 28 are one."""
    references = [f"main-DK1-{number:07}" for number in range(80)]

    assert len(list(lookups("references.other", references, most=100))) == 1


def test_what_holds_references_is_asked_for_by_their_beginnings() -> None:
    """A hundred consecutive numbers are one condition; a lone number, and a short one, is asked for as it is."""
    numbers = [*range(100_300, 100_400), 100_512, 7, 8]
    (query,) = containing("references.other", [f"main-{number}" for number in numbers])

    assert query == (
        "references.other$like:main-1003$or:references.other$like:main-100512"
        "$or:references.other$like:main-7$or:references.other$like:main-8"
    )


@given(numbers=st.sets(st.integers(1, 999_999_999), max_size=300))
def test_every_reference_is_asked_for_in_filters_that_fit(numbers: set[int]) -> None:
    """Each reference holds a text that some filter asks for, and no filter is longer than a query may be."""
    references = [f"main-dk1-{number}" for number in numbers]
    queries = list(containing("references.other", references))

    assert all(len(query) <= LONGEST for query in queries)
    asked = [part.partition("$like:")[2] for query in queries for part in query.split("$or:")]
    assert all(any(text in reference for text in asked) for reference in references)
