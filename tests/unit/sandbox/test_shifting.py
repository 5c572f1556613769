"""The sandbox's switches for listings that shift while they are read."""

from typing import Any

import httpx
import pytest
from support.chaos.scenarios import shift_pages
from support.clock import ManualClock
from support.inprocess import Sandbox

HEADERS = {"X-AppSecretToken": "sandbox-app", "X-AgreementGrantToken": "sandbox-grant"}


def _read(sandbox: Sandbox, path: str) -> list[list[Any]]:
    """Follow the pages of a listing; return their items' addresses."""
    pages: list[list[Any]] = []
    address: str | None = f"http://e{path}?skippages=0&pagesize=1000"
    while address:
        body = sandbox.answer(httpx.Request("GET", address, headers=HEADERS)).json()
        pages.append([item["self"].rpartition("/")[2] for item in body["collection"]])
        address = body["pagination"].get("nextPage")
    return pages


@pytest.fixture
def sandbox() -> Sandbox:
    """Four customers, two a page."""
    sandbox = Sandbox(ManualClock())
    agreement = sandbox.agreement
    agreement.customers = {number: agreement.customers[number] for number in (1001, 1002, 1003, 1004)}
    agreement.switches.largest_page = 2
    return sandbox


def test_a_deletion_between_two_pages_hides_an_item(sandbox: Sandbox) -> None:
    """1003 has moved to the page that was read: a single reading misses it, and nothing says so."""
    sandbox.agreement.switches.shifts = 1

    assert _read(sandbox, "/customers") == [["1001", "1002"], ["1004"]]
    assert _read(sandbox, "/customers") == [["1002", "1003"], ["1004"]]


def test_a_move_to_the_front_hides_the_item_that_moves(sandbox: Sandbox) -> None:
    """1003 is listed first from then on, and 1002 comes twice."""
    sandbox.agreement.switches.shifts, sandbox.agreement.switches.shift_by = 1, "front"

    assert _read(sandbox, "/customers") == [["1001", "1002"], ["1002", "1004"]]
    assert _read(sandbox, "/customers") == [["1003", "1001"], ["1002", "1004"]]


def test_small_pages_leave_other_listings_alone(sandbox: Sandbox) -> None:
    """Only what people delete and move every day comes in small pages."""
    assert len(_read(sandbox, "/accounts")) == 1


def test_journals_without_vouchers_have_nothing_to_move() -> None:
    """The switch waits for the first voucher outside the first journal."""
    sandbox = Sandbox(ManualClock())
    shift_pages(sandbox.agreement, "journal")

    assert _read(sandbox, "/journals/2/vouchers") == [[]]
    assert sandbox.agreement.switches.journal_moves == 3
