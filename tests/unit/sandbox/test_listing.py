from urllib.parse import parse_qsl, urlsplit

import pytest

from worker.sandbox.listing import cursor_page, page
from worker.sandbox.routes import ALL_OPERATORS, Collection
from worker.sandbox.state import ApiError, Json

URL = "http://127.0.0.1:1/customers"


def collection(count: int) -> Collection:
    items: list[Json] = [{"n": n, "name": f"N{n % 3}", "note": None if n % 2 else "x"} for n in range(count)]
    return Collection(items=items, filterable={"n": ALL_OPERATORS}, sortable=frozenset({"n", "name", "note"}))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, list(range(20))),  # 20 is the default
        ({"skippages": "1"}, list(range(20, 40))),
        ({"skippages": "2"}, list(range(40, 45))),
        ({"skippages": "3"}, []),  # past the end is empty, not an error
        ({"pagesize": "3", "skippages": "14"}, [42, 43, 44]),
        ({"pagesize": "1000"}, list(range(45))),
    ],
)
def test_what_is_on_a_page(query: dict[str, str], expected: list[int]) -> None:
    """Pages are counted from 0, in steps of pagesize."""
    assert [item["n"] for item in page(collection(45), query, URL)["collection"]] == expected


@pytest.mark.parametrize("query", [{"pagesize": "0"}, {"pagesize": "1001"}, {"pagesize": "x"}, {"skippages": "-1"}])
def test_a_page_size_outside_its_bounds_is_e04810(query: dict[str, str]) -> None:
    """1001 is refused with E04810 (measured on a live agreement, August 2026)."""
    with pytest.raises(ApiError) as caught:
        page(collection(1), query, URL)
    assert (caught.value.status, caught.value.body["errorCode"]) == (400, "E04810")


def test_next_page_leads_to_the_end() -> None:
    """Following nextPage until it is absent sees every item once, filter and sort kept."""
    query = {"filter": "n$gte:5", "sort": "-n", "pagesize": "7"}
    seen: list[int] = []
    while True:
        answer = page(collection(45), query, URL)
        seen += [item["n"] for item in answer["collection"]]
        following = answer["pagination"].get("nextPage")
        if following is None:
            break
        query = dict(parse_qsl(urlsplit(following).query))
    assert seen == list(range(44, 4, -1))


def test_the_envelope() -> None:
    """Two counts: what passes the filter, and everything."""
    answer = page(collection(45), {"filter": "n$lt:30", "skippages": "1"}, URL)
    assert sorted(answer) == ["collection", "metaData", "pagination", "self"]
    assert answer["pagination"] == {
        "maxPageSizeAllowed": 1000,
        "skipPages": 1,
        "pageSize": 20,
        "results": 30,
        "resultsWithoutFilter": 45,
        "firstPage": f"{URL}?filter=n%24lt%3A30&skippages=0&pagesize=20",
        "lastPage": f"{URL}?filter=n%24lt%3A30&skippages=1&pagesize=20",
        "previousPage": f"{URL}?filter=n%24lt%3A30&skippages=0&pagesize=20",
    }


def test_sort_by_several_properties() -> None:
    """Names ascending, numbers descending within; - turns a property round."""
    order = [item["n"] for item in page(collection(6), {"sort": "name,-n"}, URL)["collection"]]
    assert order == [3, 0, 4, 1, 5, 2]


def test_an_absent_value_sorts_first() -> None:
    """A property that is missing does not break the sort."""
    order = [item["n"] for item in page(collection(4), {"sort": "note,n"}, URL)["collection"]]
    assert order == [1, 3, 0, 2]


def test_a_forced_alphabetical_sort() -> None:
    """~ sorts numbers as text: "10" stands before "9"."""
    order = [item["n"] for item in page(collection(11), {"sort": "~n"}, URL)["collection"]]
    assert order == [0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_bad_filter_lists_what_is_allowed() -> None:
    """Without a code, but with fields, operators, escapes, wildcard and the null value at the top level."""
    with pytest.raises(ApiError) as caught:
        page(collection(1), {"filter": "secret$eq:1"}, URL)
    error = caught.value.body
    assert ("errorCode" in error, [type(each) for each in error["errors"]]) == (False, [str])
    assert (caught.value.status, error["allowedFilteringFields"]) == (400, ["n"])
    assert error["allowedFilteringOperators"] == sorted(ALL_OPERATORS)
    assert (error["wildcard"], error["nullValue"]) == ("*", "$null:")


def test_a_bad_sort_is_refused() -> None:
    """An unknown property does not silently leave the order as it was."""
    with pytest.raises(ApiError, match="Could not parse query string sort parameter"):
        page(collection(1), {"sort": "secret"}, URL)


def test_a_cursor_ends_by_its_absence() -> None:
    """The OpenAPI services' lists: up to 1000 items, sort silently ignored."""
    first = cursor_page(collection(1001), {"sort": "-n"})
    last = cursor_page(collection(1001), {"cursor": first["cursor"]})
    assert [item["n"] for item in first["items"]] == list(range(1000))
    assert last == {"items": [{"n": 1000, "name": "N1", "note": "x"}]}
