import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sandbox.filters import FilterError, parse
from worker.sandbox.matching import predicate
from worker.sandbox.routes import ALL_OPERATORS
from worker.sandbox.state import Json

FILTERABLE = dict.fromkeys(("n", "name", "ean", "barred", "references.other", "date"), ALL_OPERATORS)
ITEMS: list[Json] = [
    {"n": 1, "name": "Ærø Fragt", "references": {"other": "main-1"}, "date": "2026-11-20", "barred": False},
    {"n": 2, "name": "Bilka (Odense)", "ean": "5790000000012", "references": {"other": "main-2"}, "date": "2026-11-21"},
    {"n": 30, "name": "Café [Nord]", "references": {"other": "main-30"}, "barred": True, "date": "2026-11-22"},
    {"n": 4, "name": "A$B, C*"},
]


def numbers(text: str) -> list[int]:
    passes = predicate(parse(text), FILTERABLE)
    return [item["n"] for item in ITEMS if passes(item)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n$eq:1", [1]),
        ("n$eq:1.0", [1]),  # numbers compare as numbers
        ("n$ne:1", [2, 30, 4]),
        ("n$gt:2", [30, 4]),  # 30 > 2 although "30" < "4" as text
        ("n$gte:2$and:n$lt:30", [2, 4]),
        ("name$eq:ærø fragt", [1]),  # case is ignored
        ("name$like:FRAGT", [1]),  # no wildcard: contains
        ("name$like:b*", [2]),  # with a wildcard: anchored
        ("name$like:*a*t", [1]),
        ("name$eq:Bilka (Odense$)", [2]),  # ( works bare, ) must be escaped
        ("name$eq:Bilka $(Odense$)", [2]),
        ("name$eq:Café [Nord]", [30]),  # brackets stay bare under $eq
        ("name$eq:Café $[Nord$]", []),  # escaped they parse and match nothing
        ("name$like:*[[]Nord*", [30]),  # a literal bracket is [[]
        ("name$like:[AB]*", [2, 4]),  # a SQL character class
        ("name$like:[^AB]*", [1, 30]),
        ("name$eq:A$$B, C*", [4]),  # $ must be escaped; , and * work either way
        ("name$eq:A$$B$, C$*", [4]),
        ("name$in:[A$$B$, C$*,ærø fragt]", [1, 4]),
        ("n$in:[1,30,99]", [1, 30]),
        ("n$nin:[1,30,99]", [2, 4]),
        ("ean$eq:$null:", [1, 30, 4]),
        ("ean$ne:$null:", [2]),
        ("barred$eq:true", [30]),
        ("references.other$eq:MAIN-2", [2]),
        ("references.other$eq:main", []),
        ("date$gte:2026-11-21$and:date$lte:2026-11-22", [2, 30]),
        ("n$eq:1$or:n$eq:2$and:name$like:xyz", [1]),  # $and binds tighter
        ("(n$eq:1$or:n$eq:2)$and:name$like:xyz", []),
        ("(n$eq:1$or:(n$eq:2$and:name$like:odense))", [1, 2]),
    ],
)
def test_what_a_filter_selects(text: str, expected: list[int]) -> None:
    """Operators, joins and escapes as e-conomic documents them, and as measured where it documents them wrongly."""
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "n",
        "n$eq",
        "n$eq:1$and:",
        "(n$eq:1",
        "n$eq:1)",
        "name$eq:A$B",  # a bare dollar
        "name$eq:Bilka (Odense)",  # a bare closing parenthesis
        "n$in:1,2",  # the list's brackets are mandatory
        "n$between:1",
        "secret$eq:1",
        "ean$gt:$null:",
    ],
)
def test_a_bad_filter_is_refused(text: str) -> None:
    """What the grammar or the listing does not allow is an error, never an empty result."""
    with pytest.raises(FilterError):
        numbers(text)


def test_a_number_is_not_compared_with_a_word() -> None:
    """Otherwise a wrong lookup would look like "not found"."""
    with pytest.raises(FilterError, match="'abc' is not a number"):
        numbers("n$eq:abc")


@pytest.mark.parametrize(("count", "refused"), [(200, False), (201, True)])
def test_a_list_takes_200_values(count: int, *, refused: bool) -> None:
    """The 201st value is refused (measured on a live agreement, August 2026)."""
    text = f"n$in:[{','.join(str(n) for n in range(count))}]"
    if refused:
        with pytest.raises(FilterError, match="at most 200"):
            parse(text)
    else:
        assert numbers(text) == [1, 2, 30, 4]


def test_an_operator_may_be_missing_on_a_property() -> None:
    """Each property allows its own operators."""
    with pytest.raises(FilterError, match=re.escape("$like cannot be used on n")):
        predicate(parse("n$like:1"), {"n": frozenset({"$eq"})})


@given(st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"])))
def test_any_escaped_value_is_found_again(value: str) -> None:
    """Escaping $ ( ) * and , is enough for every text without brackets."""
    escaped = "".join(f"${char}" if char in "$()*," else char for char in value)
    for text in (f"name$eq:{escaped}", f"name$in:[{escaped},other]"):
        assert predicate(parse(text), FILTERABLE)({"name": value})
