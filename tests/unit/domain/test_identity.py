import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.names import export_of
from worker.domain.identity import (
    by_number,
    fingerprint,
    idempotency_key,
    invoice_id_of,
    named_in,
    period_id_of,
    resembles,
    same_reference,
)

EXPORTS = st.from_regex(r"[a-z][a-z0-9]{0,19}", fullmatch=True)
REGIONS = st.none() | st.text(min_size=1, max_size=30)
NUMBERS = st.integers(1, 999_999_999)
INVOICES = st.tuples(EXPORTS, REGIONS, NUMBERS)
SAFE = re.compile(r"[A-Za-z0-9-]+")


@given(invoice=INVOICES, other=INVOICES)
def test_two_invoices_never_share_an_id(invoice: tuple, other: tuple) -> None:
    """Ids differ exactly when export, region or number do, and need no escaping in a filter."""
    assert (invoice == other) == (invoice_id_of(*invoice) == invoice_id_of(*other))
    assert SAFE.fullmatch(invoice_id_of(*invoice))
    assert len(invoice_id_of(*invoice)) <= 250  # e-conomic's limit of references.other


@given(invoice=INVOICES, period=INVOICES)
def test_an_invoice_never_shares_its_id_with_a_period(invoice: tuple, period: tuple) -> None:
    """Period 881 and invoice 881 of one export have different ids."""
    assert invoice_id_of(*invoice) != period_id_of(*period)


@given(invoice=INVOICES)
def test_an_id_names_its_export(invoice: tuple) -> None:
    """Queues and pauses are found from an id alone, region or not."""
    assert [export_of(name(*invoice)) for name in (invoice_id_of, period_id_of)] == [invoice[0], invoice[0]]


@given(kind=st.sampled_from(["customer", "product"]), parts=st.lists(st.text()), other=st.lists(st.text()))
def test_fingerprints_differ_as_what_they_stand_for(kind: str, parts: list[str], other: list[str]) -> None:
    """Two things share a fingerprint only when all their parts agree; it is safe in keys and reveals nothing."""
    assert (parts == other) == (fingerprint(kind, *parts) == fingerprint(kind, *other))
    assert SAFE.fullmatch(fingerprint(kind, *parts))


@given(reference=st.from_regex(r"[A-Za-z0-9-]{1,80}", fullmatch=True), generation=st.integers(0, 99))
def test_a_new_generation_gets_a_new_key(reference: str, generation: int) -> None:
    """An allowed new create must not be answered from e-conomic's memory of the old one."""
    old, new = (idempotency_key("prod", reference, "draft", n) for n in (generation, generation + 1))

    assert old != new
    assert SAFE.fullmatch(old)
    assert len(old) <= 65  # 48 readable + hyphen + 16


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("main-100353", True),
        ("Main-100353", True),
        (" main-100353 ", True),
        ("[MAIN-100353]", True),
        ("[ main-100353 ]", True),
        ("\uff4dain-100353", True),
        ("main-10035", False),
        ("main-1003530", False),
        ("[main-100353", False),
        ("main 100353", False),
        ("", False),
    ],
)
def test_a_reference_that_a_person_wrote_is_compared_in_normal_form(text: str, *, same: bool) -> None:
    """Case, spaces around, brackets and Unicode forms do not make another reference; anything else does."""
    assert same_reference("main-100353", text) is same


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("main-100353 PO 445", True),
        ("rettet: Main-100353", True),
        ("main 100353", True),
        ("main100353", True),
        ("main\u2013100353", True),
        ("[main-100353", True),
        ("main-100353", False),
        ("[Main-100353]", False),
        ("main-1003531", False),
        ("domain-100353", False),
        ("100353", False),
        ("", False),
    ],
)
def test_what_resembles_a_reference_is_a_question(text: str, *, near: bool) -> None:
    """Other separators or words around it; never the reference itself, nor a longer number or name."""
    assert resembles("main-100353", text) is near


@given(
    number=st.integers(1, 999_999_999),
    region=st.none() | st.sampled_from(["DK1", "se"]),
    written=st.sampled_from(["{}", "[{}]", " {} ", "rettet {}", "{} PO 445", "{}."]),
    others=st.sets(st.integers(1, 999_999_999), max_size=20),
)
def test_what_one_text_names_among_many(number: int, region: str | None, written: str, others: set[int]) -> None:
    """Found among any number of references, as comparing with each one by one would find it."""
    ours = invoice_id_of("main", region, number)
    references = [ours, *(invoice_id_of("main", None, other) for other in sorted(others))]
    text = written.format(ours.upper())

    expected = {each for each in references if same_reference(each, text) or resembles(each, text)}
    assert expected == set(named_in(text, by_number(references)))
    assert ours in expected
