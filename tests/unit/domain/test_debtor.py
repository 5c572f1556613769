"""Who a debtor is, and what two descriptions prove of each other."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.debtor import Mark, Party, Proof, compare, mark_of, normal_form, party

#: A CVR number with right check digits (1*2+0*7+4*6+0*5+3*4+7*3+8*2+2 = 77 = 7*11), and one with a wrong one.
CVR, TYPO = "10403782", "31000021"
#: Location numbers with right check digits (5+7*3+9+8*3 = 59, so 1; one ten more, so 8), and one with a wrong one.
SCHOOL, LIBRARY, WRONG_EAN = "5798000000001", "5798000000018", "5798000000012"


@pytest.mark.parametrize(
    ("text", "country", "scheme", "value", "certain"),
    [
        ("10403782", "DK", "DK", CVR, True),
        ("DK 10 40 37 82", "DK", "DK", CVR, True),
        ("dk-10403782", "", "DK", CVR, True),
        ("CVR 10403782", "DK", "DK", CVR, True),
        ("CVR-nr. 10403782", "DK", "DK", CVR, True),
        ("10.40.37.82", "DK", "DK", CVR, True),
        ("\uff11\uff10\uff14\uff10\uff13\uff17\uff18\uff12", "DK", "DK", CVR, True),  # full-width digits
        ("DK10403782", "SE", "DK", CVR, True),  # a Danish company with an address in Sweden
        (TYPO, "DK", "DK", TYPO, False),
        ("1234567", "DK", "DK other", "1234567", False),
        ("556677-8899", "SE", "SE", "5566778899", True),
        ("SE556677889901", "SE", "SE", "5566778899", True),
        ("559900-1005", "SE", "SE", "5599001005", False),
        ("923 609 016 MVA", "NO", "NO", "923609016", True),
        ("NO923609016MVA", "NO", "NO", "923609016", True),
        ("Org.nr. 923 609 016", "NO", "NO", "923609016", True),
        ("1234567-1", "FI", "FI", "12345671", True),
        ("FI12345671", "FI", "FI", "12345671", True),
        ("DE 136 695 976", "DE", "DE", "136695976", True),
        ("HRB 1234", "DE", "DE other", "HRB1234", False),
        ("NL004495445B01", "NL", "NL", "004495445B01", True),
        ("EL 094259216", "GR", "GR", "094259216", True),
        ("12345", "US", "US other", "12345", False),
    ],
)
def test_an_id_is_read_as_its_country_writes_it(  # a table's columns
    text: str,
    country: str,
    scheme: str,
    value: str,
    certain: bool,  # noqa: FBT001  # a table's column
) -> None:
    """Prefix, spaces, dots, dashes and the words before it do not matter; the check digit says how much it proves."""
    mark = mark_of(text, country or "DK")
    assert mark is not None
    assert (mark.scheme, mark.value, mark.certain) == (scheme, value, certain)


@pytest.mark.parametrize(
    "text", ["00000000", "11111111", "DK00000000", "-", "", "  ", "PRIVAT", "privat", "ingen", "0", "x", "999", "CVR"]
)
def test_a_filler_is_no_identity(text: str) -> None:
    """Whoever has no number is given one of these: two who share it have nothing in common."""
    assert mark_of(text, "DK") is None


def _who(**changes: Any) -> Party:
    fields: dict[str, Any] = {
        "name": "Vestby Skole",
        "corporate_id": None,
        "vat_number": None,
        "gln": None,
        "address": "Skolevej 1",
        "zip_code": "8000",
        "city": "Aarhus C",
        "country": "DK",
    }
    return party(**fields | changes)


@pytest.mark.parametrize(
    ("ours", "theirs", "proof"),
    [
        ({"corporate_id": CVR}, {"corporate_id": f"DK{CVR}"}, Proof.SAME),
        ({"corporate_id": CVR}, {"corporate_id": "29189846"}, Proof.OTHER),
        ({"corporate_id": CVR}, {"corporate_id": ""}, Proof.UNKNOWN),
        ({"corporate_id": CVR}, {"corporate_id": "PRIVAT"}, Proof.UNKNOWN),
        ({"corporate_id": None, "vat_number": f"DK {CVR}"}, {"corporate_id": CVR}, Proof.SAME),
        ({"corporate_id": TYPO}, {"corporate_id": f"CVR {TYPO}"}, Proof.LIKELY),
        ({"corporate_id": TYPO}, {"corporate_id": CVR}, Proof.OTHER),  # a typing error, or another company: a question
        ({"corporate_id": "00000000"}, {"corporate_id": "00000000"}, Proof.UNKNOWN),
        ({"corporate_id": CVR, "gln": SCHOOL}, {"corporate_id": CVR, "gln": LIBRARY}, Proof.OTHER),
        ({"corporate_id": CVR, "gln": SCHOOL}, {"corporate_id": CVR, "gln": WRONG_EAN}, Proof.OTHER),
        ({"corporate_id": CVR, "gln": SCHOOL}, {"corporate_id": CVR, "gln": SCHOOL}, Proof.SAME),
        ({"corporate_id": CVR, "gln": SCHOOL}, {"corporate_id": CVR}, Proof.SAME),
        ({"gln": SCHOOL}, {"gln": SCHOOL}, Proof.SAME),
        ({"gln": WRONG_EAN}, {"gln": WRONG_EAN}, Proof.LIKELY),
        (
            {"corporate_id": "HRB 1234", "vat_number": "DE136695976", "country": "DE"},
            {"vat_number": "136695976", "country": "DE"},
            Proof.SAME,
        ),
        ({"corporate_id": "HRB 1234", "country": "DE"}, {"corporate_id": "HRB 99", "country": "DE"}, Proof.UNKNOWN),
        ({"corporate_id": "HRB 1234", "country": "DE"}, {"corporate_id": "hrb-1234", "country": "DE"}, Proof.LIKELY),
        ({"corporate_id": "12345671", "country": "FI"}, {"corporate_id": "12345671", "country": "DK"}, Proof.UNKNOWN),
    ],
)
def test_what_marks_prove(ours: dict[str, Any], theirs: dict[str, Any], proof: Proof) -> None:
    """The decision table of the documents; it reads alike from both sides."""
    assert compare(_who(**ours), _who(**theirs)) is proof
    assert compare(_who(**theirs), _who(**ours)) is proof


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Göta Åkeri AB", unicodedata.normalize("NFD", "GÖTA  ÅKERI ab")),
        ("Århus C", "Aarhus C"),
        ("Lindevej 5\n2. tv.", "Lindevej 5, 2. tv."),
        ("O'Brien & Co.", "O\u2019Brien & Co"),
        ("Straße", "STRASSE"),
        ("Nul\u200bBredde\u00ad ApS", "NulBredde ApS"),
        ("\ufeffRetning\u202c", "Retning"),
    ],
)
def test_names_are_compared_in_normal_form(one: str, other: str) -> None:
    """Unicode form, letter case, spacing, punctuation and what nobody sees say nothing about who somebody is."""
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Anna Jensen", "Anne Jensen"), ("A&B", "A B"), ("Vej 1", "Vej 11"), ("A/S", "AS")]
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    """The normal form loses nothing that tells people apart."""
    assert normal_form(one) != normal_form(other)


@pytest.mark.parametrize(
    "spelt",
    [
        {"zip_code": "DK-8000"},
        {"country": ""},
        {"city": "Århus C"},
        {"name": "VESTBY  skole"},
        {"address": "Skolevej 1."},
    ],
)
def test_a_card_is_the_same_however_it_is_spelt(spelt: dict[str, str]) -> None:
    """Blank country is the home country; the zip code may carry its country's letters."""
    assert _who(**spelt).card == _who().card


@pytest.mark.parametrize(
    "other", [{"zip_code": "8001"}, {"country": "SE"}, {"address": "Skolevej 11"}, {"name": "Vestby"}]
)
def test_another_card_is_another(other: dict[str, str]) -> None:
    """Each part counts."""
    assert _who(**other).card != _who().card


def test_what_identifies_nobody_is_remarked() -> None:
    """The field is named, never its content; what is right or empty is not mentioned."""
    assert _who(corporate_id=CVR, gln=SCHOOL).remarks == ()
    assert _who(corporate_id="PRIVAT", vat_number=TYPO, gln="579").remarks == (
        "customer.corporateId: no number that identifies anybody, so it was not used to find the customer",
        "customer.vatNumber: its check digit is wrong, so it does not identify the customer by itself",
        "customer.ean: no number that identifies anybody, so it was not used to find the customer",
    )


SE_NUMBER = {"corporate_id": CVR, "vat_number": "DK29189846"}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (SE_NUMBER, SE_NUMBER, Proof.SAME),
        (SE_NUMBER, {"corporate_id": CVR}, Proof.SAME),
        ({"corporate_id": CVR}, SE_NUMBER, Proof.SAME),
        (SE_NUMBER, {"corporate_id": CVR, "vat_number": "DK10150817"}, Proof.OTHER),
        (SE_NUMBER, {"corporate_id": "10150817"}, Proof.OTHER),
    ],
)
def test_a_company_may_have_a_vat_number_beside_its_own(ours: dict, theirs: dict, expected: Proof) -> None:
    """A Danish SE number is no contradiction to the CVR number; one more on each side is."""
    assert compare(_who(**ours), _who(**theirs)) is expected


@pytest.mark.parametrize(
    ("text", "country", "value"),
    [
        ("CHE-100.155.212 MWST", "CH", "100155212"),
        ("CHE-100.155.212", "DE", "100155212"),
        ("16556703-7485", "SE", "5567037485"),
    ],
)
def test_other_ways_of_writing_an_id(text: str, country: str, value: str) -> None:
    """Switzerland's UID with and without its VAT suffix; Sweden's number with the century before it."""
    assert mark_of(text, country) == Mark(scheme={"DE": "CH"}.get(country, country), value=value, certain=True)


@given(text=st.text(max_size=40), country=st.sampled_from(["DK", "SE", "NO", "DE", "FI", "NL", "GB", "US", "GR"]))
def test_any_text_is_read_without_complaint_and_read_again_alike(text: str, country: str) -> None:
    """Whatever stands in the field: an id or none, and reading what was read gives the same."""
    mark = mark_of(text, country)
    if mark and mark.comparable:
        assert mark_of(mark.value, mark.scheme) == mark
