"""What needs a second person, and who is one."""

from decimal import Decimal

import pytest

from worker.domain.approval import needs_approval, same_person

LIMITS = {"DKK": Decimal(1000), "EUR": Decimal(100)}


@pytest.mark.parametrize(
    ("limits", "at_stake", "needed"),
    [
        ({}, {"DKK": "999999"}, False),
        (LIMITS, {}, False),
        (LIMITS, {"DKK": "1000.00"}, False),
        (LIMITS, {"DKK": "1000.01"}, True),
        (LIMITS, {"DKK": "1", "EUR": "100.01"}, True),
        (LIMITS, {"DKK": "1", "SEK": "0.01"}, True),
    ],
)
def test_more_than_the_limit_of_its_currency_needs_a_second_person(
    limits: dict[str, Decimal], at_stake: dict[str, str], *, needed: bool
) -> None:
    """Exactly the limit does not; a currency that has none does, as nothing says that it is little."""
    assert needs_approval(limits, {key: Decimal(amount) for key, amount in at_stake.items()}) is needed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Birthe", "birthe ", True), ("Åse  Holm", "åse holm", True), ("Birthe", "Bent", False)],
)
def test_case_and_spaces_make_nobody_a_second_person(one: str, other: str, *, same: bool) -> None:
    """Else one would approve what one asked for oneself."""
    assert same_person(one, other) is same
