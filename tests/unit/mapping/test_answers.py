"""What a success proves about what was sent."""

from typing import Any

import pytest

from worker.economic.mapping.answers import (
    about_attachment,
    about_booked_entries,
    about_created,
    about_deleted,
    about_updated,
)

SENT = {"name": "Aalbæk Tømrerfirma ApS", "corporateIdentificationNumber": "31000021", "country": "DK"}
ECHO = SENT | {"customerNumber": 7001, "self": "https://restapi.e-conomic.com/customers/7001"}


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        (ECHO, True),
        (ECHO | {"name": " AALBÆK  Tømrerfirma ApS."}, True),
        (ECHO | {"country": "Danmark"}, True),
        (ECHO | {"name": "Another ApS"}, False),
        (ECHO | {"corporateIdentificationNumber": "31000039"}, False),
        (ECHO | {"corporateIdentificationNumber": None}, False),
        (ECHO | {"self": "https://restapi.e-conomic.com/customers/7002"}, False),
        ({"customerNumber": 7001}, False),
        ({}, False),
        ([], False),
        (None, False),
        ("ok", False),
    ],
)
def test_a_created_customer_is_known_by_what_names_it(answer: Any, *, about: bool) -> None:
    """Name, company id and the address of its own; the rest may be written e-conomic's way."""
    assert about_created(SENT, answer, "7001") is about


def test_a_number_that_was_sent_comes_back() -> None:
    """A customer or product whose number we chose is that one and no other."""
    assert not about_created({"customerNumber": 5, "name": "A"}, {"customerNumber": 6, "name": "A"}, "6")
    assert about_created({"productNumber": "OP-3", "name": "A"}, {"productNumber": "OP-3", "name": "a"}, "OP-3")


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        ({"pages": 1, "self": "https://x/journals/1/vouchers/2025_6_2026-17/attachment"}, True),
        ({"pages": 1, "self": "https://x/journals/1/vouchers/2025_6_2026-170/attachment"}, False),
        ({"pages": 0, "self": "https://x/journals/1/vouchers/2025_6_2026-17/attachment"}, False),
        ({"pages": 1}, False),
        ({"ok": True}, False),
        (None, False),
        ([], False),
    ],
)
def test_an_attachment_is_described_at_its_voucher(answer: Any, *, about: bool) -> None:
    """Any JSON or an empty body attaches nothing."""
    assert about_attachment("2025/2026-17", answer) is about


def test_entries_are_booked_without_a_body_and_drafts_deleted_by_count() -> None:
    """204 books; 204 or a count of one deletes; an empty 200 or other JSON does neither."""
    assert [about_booked_entries(*answer) for answer in [(204, None), (200, None), (200, {}), (204, {})]] == [
        True,
        False,
        False,
        False,
    ]
    assert [about_deleted(*answer) for answer in [(204, None), (200, {"deletedCount": 1}), (200, None), (200, [])]] == [
        True,
        True,
        False,
        False,
    ]


def test_an_update_answers_with_its_customer() -> None:
    """Another customer's body says nothing about ours."""
    assert about_updated(7, {"customerNumber": 7})
    assert not any(about_updated(7, answer) for answer in ({"customerNumber": 8}, {}, None, []))
