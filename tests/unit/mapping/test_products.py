import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import group

from worker.economic.mapping.master_data import Product, ProductGroup
from worker.economic.mapping.products import choose, group_for, new_product, number_to_create, own_numbers, product_key
from worker.errors import InvalidInvoice

A = group(1, "3010")
B = group(2, "Fragt u/moms")
C = group(3012, "Zero-rated")


@pytest.mark.parametrize(
    ("account", "mapping", "expected"),
    [
        ("3010", {}, A),  # by name
        ("3012", {}, C),  # by number
        ("fragt U/MOMS", {}, B),  # a free-text account, without regard to case
        ("3099", {"3099": "2"}, B),  # mapped to a number
        ("3099", {"3099": "Fragt u/moms"}, B),  # mapped to a name
        ("3010", {"3010": "3012"}, C),  # the map wins
    ],
)
def test_group_for(account: str, mapping: dict[str, str], expected: ProductGroup) -> None:
    """As mapped, else the group that is named or numbered like the sales account."""
    assert group_for(account, mapping, (A, B, C)) == expected


@pytest.mark.parametrize(
    ("account", "mapping", "groups", "reason", "named"),
    [
        ("3099", {}, (A, B, C), "product-group-missing", "named or numbered 3099"),
        ("3010", {"3010": "Gone"}, (A,), "product-group-missing", "named or numbered Gone for sales account 3010"),
        ("3010", {"3010": "fragt U/MOMS"}, (B,), "product-group-missing", "fragt"),  # a mapped name is exact
        ("1", {}, (A, group(7, "1")), "product-group-ambiguous", "1 '3010', 7 '1'"),  # one named, one numbered so
        ("3010", {}, (A, group(8, "3010")), "product-group-ambiguous", "1 '3010', 8 '3010'"),
    ],
)
def test_no_single_group(account: str, mapping: dict, groups: tuple, reason: str, named: str) -> None:
    """None or several: revenue is never put on a guessed account."""
    with pytest.raises(InvalidInvoice) as caught:
        group_for(account, mapping, groups)

    assert (caught.value.failure.reason, caught.value.failure.value) == (reason, account)
    assert named in caught.value.failure.description


def product(number: str, of: int = 1, *, barred: bool = False) -> Product:
    return Product(number=number, name=number, group=of, barred=barred)


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        ([], None),
        ([product("3010")], "3010"),
        ([product("FRAGT"), product("3010")], "3010"),  # the account's number is preferred
        ([product("3010", of=2), product("OPT-3010")], "OPT-3010"),
        ([product("OPT-3010"), product("3010"), product("X")], "3010"),
        ([product("FRAGT")], "FRAGT"),  # the group's only product
        ([product("FRAGT"), product("OLD", barred=True)], "FRAGT"),
        ([product("FRAGT"), product("STYKGODS")], None),  # one of two is not picked: ours is created
        ([product("OLD", barred=True)], None),
        ([product("3010", barred=True), product("FRAGT")], "FRAGT"),
        ([product("3010", of=2)], None),  # a product of another group would lead to another account
    ],
)
def test_choose(products: list[Product], expected: str | None) -> None:
    """The product numbered like the account, else the group's only usable one, else none: create it."""
    assert choose("3010", A, products) == expected


@pytest.mark.parametrize("others", [[], [product("FRAGT"), product("STYKGODS")]])
def test_a_barred_product_of_ours_is_a_question_for_a_person(others: list[Product]) -> None:
    """Somebody barred it for a reason: no second one is made behind their back."""
    with pytest.raises(InvalidInvoice) as caught:
        choose("3010", A, [product("3010", barred=True), *others])

    assert caught.value.failure.reason == "product-barred"


@given(account=st.text(min_size=1), other=st.text(min_size=1))
def test_own_numbers(account: str, other: str) -> None:
    """At most 25 characters, none that needs encoding, and never another account's."""
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,25}", number) for number in own_numbers(account))
    assert len(set(own_numbers(account))) == 2
    assert account == other or own_numbers(account)[0] != own_numbers(other)[0]


def test_number_to_create() -> None:
    """The account's number, else ``OPT-`` and it; both in other groups is a question for a person."""
    assert own_numbers("3010") == ("3010", "OPT-3010")
    assert number_to_create("3010", {"3010": None, "OPT-3010": None}) == "3010"
    assert number_to_create("3010", {"3010": product("3010", of=2), "OPT-3010": None}) == "OPT-3010"
    with pytest.raises(InvalidInvoice) as caught:
        number_to_create("3010", {"3010": product("3010", of=2), "OPT-3010": product("OPT-3010", of=2)})
    assert caught.value.failure.reason == "product-number-taken"


def test_new_product() -> None:
    """The number is a string, as e-conomic wants it."""
    assert new_product("3010", "3010", A) == {
        "productNumber": "3010",
        "name": "3010",
        "productGroup": {"productGroupNumber": 1},
    }


def test_product_key() -> None:
    """One product for an account in a group; another group needs another."""
    assert len({product_key("3010", A), product_key("3010", B), product_key("3012", A)}) == 3
