"""A refused event corrected on the page and sent again."""

import pytest
from support import events
from support.web_page import Page

from worker.domain.access import Role
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.queue import DeadEvent, digest, envelope

WRONG = b'{"name": "broken'


@pytest.fixture
def refused(signed_in: Page) -> Page:
    refuse(signed_in, WRONG)
    return signed_in


def refuse(page: Page, raw: bytes) -> None:
    """Put an event among the refused ones."""
    problem = Problem(reason=EventReason.EVENT_UNREADABLE, description="not JSON")
    kept = DeadEvent(id=digest(raw), bytes=len(raw), at=1.0, problems=(problem,), export="main")
    page.events.dead_letter(raw, envelope(kept))


def queued(page: Page) -> int:
    """Events on the queue."""
    return page.events.waiting()


def test_the_corrected_event_takes_the_place_of_the_refused_one(refused: Page) -> None:
    """On the queue, with line ends as they were; who and why stand in the log of what is kept."""
    address = f"/events/{digest(WRONG)}/correct"
    assert "{&#34;name&#34;: &#34;broken</textarea>" in refused.browser.get(address).text
    right = events.raw(events.event(events.invoices(1)))
    sent = right.decode().replace("\n", "\r\n")
    assert refused.form(address, content=sent, why="the bracket") == 303
    assert refused.events.take(0.1) == right
    assert list(refused.events.dead()) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "the bracket"),
        (WRONG.decode(), "nothing"),
        ("[]", "an array"),
        (events.raw(events.event(events.invoices(1))).decode(), " "),
    ],
)
def test_what_is_still_wrong_or_unexplained_is_not_sent(refused: Page, content: str, why: str) -> None:
    """The refused event stays as it was, and the text is there to go on with."""
    address = f"/events/{digest(WRONG)}/correct"
    assert refused.form(address, content=content, why=why) == 422
    assert queued(refused) == 0
    assert [raw for raw, _ in refused.events.dead()] == [WRONG]


def test_a_large_event_is_corrected_elsewhere(signed_in: Page) -> None:
    """A form holds no more than 64 kB."""
    large = b'{"name": "' + b"x" * 60_000
    refuse(signed_in, large)
    text = signed_in.browser.get(f"/events/{digest(large)}/correct?lang=en").text
    assert "too large to be corrected here" in text
    assert "<textarea" not in text


def test_only_who_may_send_for_every_export_corrects(page: Page) -> None:
    """What is written there can name any export."""
    refuse(page, WRONG)
    page.sign_in({"main": Role.ADMINISTRATOR})
    address = f"/events/{digest(WRONG)}/correct"
    assert page.browser.get(address).status_code == 403
    assert page.form(address, content="{}", why="x") == 403
    assert address not in page.browser.get(f"/events/{digest(WRONG)}").text
