import pytest
from support.samples import customer, economic_customer

from worker.economic.mapping.customer_matching import is_danish, normalised, spellings


@pytest.mark.parametrize(
    ("text", "country", "same", "danish"),
    [
        ("12345678", "DK", "12345678", True),
        ("DK 12 34 56 78", "DK", "12345678", True),
        ("dk-12345678", "DK", "12345678", True),
        ("12.34.56.78", "DK", "12345678", True),
        ("DK12345678", "SE", "12345678", True),  # a Danish company with an address in Sweden
        ("1234567-8", "FI", "1234567-8", False),  # eight digits, but Finnish
        ("1234567", "DK", "1234567", False),  # seven digits are no CVR number
        ("556677-8899", "SE", "556677-8899", False),
        ("se 556677889901", "SE", "SE556677889901", False),
        (None, "DK", "", False),
    ],
)
def test_normalised(text: str | None, country: str, same: str, danish: bool) -> None:  # noqa: FBT001  # a table's column
    """A CVR number is compared by its eight digits, a foreign id as it is written."""
    company = customer(corporate_id=text, country=country)

    assert (normalised(company), is_danish(company)) == (same, danish)


@pytest.mark.parametrize("country", ["Danmark", "DENMARK", "dk", ""])
def test_country_is_free_text_in_e_conomic(country: str) -> None:
    """A Danish customer is recognised however its country was typed, or left out."""
    assert is_danish(economic_customer(corporate_id="12345678", country=country))


def test_spellings() -> None:
    """A filter compares whole texts, so a lookup tries all usual spellings, the plain one first."""
    asked = spellings(customer(corporate_id="DK12345678"))

    assert asked == ("12345678", "DK12345678", "DK-12345678", "DK 12345678", "12 34 56 78", "DK 12 34 56 78")
    assert {normalised(customer(corporate_id=spelling)) for spelling in asked} == {"12345678"}


@pytest.mark.parametrize(("text", "asked"), [("se 5566", ("se 5566", "SE5566")), ("SE5566", ("SE5566",)), (None, ())])
def test_foreign_spellings(text: str | None, asked: tuple[str, ...]) -> None:
    """A foreign id is asked for as it is written and without spaces; none is not asked for."""
    assert spellings(customer(corporate_id=text, country="SE")) == asked
