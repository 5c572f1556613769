"""A period over its export's amount on the page: it says so, one person's yes releases it, a no is asked for again."""

import re

import pytest
import redis
from support.harness import EXPORT
from support.invoice_harness import sample
from support.web_page import Page

from worker.domain.access import Rights, Role
from worker.domain.approval import Approval, ApprovalState
from worker.domain.record import State

BOOKKEEPER = {"main": Role.BOOKKEEPER}
LIMITED = EXPORT.model_copy(update={"four_eyes": ("DKK 100",)})


@pytest.fixture
def desk(redis_client: redis.Redis, redis_prefix: str) -> Page:
    """A period of one invoice, above 100 DKK, has been checked. Birthe has signed in."""
    page = Page(redis_client, redis_prefix, exports={"main": LIMITED, "other": EXPORT})
    page.harness.close_period(sample())
    assert page.harness.check().result == "held"
    page.sign_in(BOOKKEEPER)
    return page


def _asked(page: Page) -> Approval:
    return page.services.approvals.approvals()[0]


def _decide(page: Page, found: Approval, answer: str, why: str = "") -> int:
    return page.form(f"/approvals/{found.asked.id}/decide", answer=answer, why=why)


def _flow(page: Page) -> set[State]:
    """Let the time pass after which a held period is looked at again."""
    for _ in range(20):
        page.harness.clock.advance(60)
        for period, _ in page.harness.store.periods_due():
            page.harness.check(period)
        page.harness.deliver()
        page.harness.sweep()
    return {record.state for record in page.harness.records()}


def test_the_pages_say_that_it_waits_and_a_yes_lets_it_go(desk: Page) -> None:
    """The list, the period and the request; with the yes it is exported, and nothing is offered any more."""
    listed = desk.browser.get("/?lang=en").text
    assert "needs a second person&#39;s yes" in listed
    assert "1 request waits" in listed
    shown = desk.browser.get("/periods/main-p881?lang=en").text
    [request] = re.findall(r'href="(/approvals/[^"]+)"', shown.split("<main")[1])
    asked = desk.browser.get(f"{request}?lang=en").text
    assert 'href="/periods/main-p881"' in asked
    assert "Opter" in asked
    assert "Expires" not in asked
    assert _flow(desk) == {State.RECEIVED}
    assert _decide(desk, _asked(desk), "yes") == 303
    assert _asked(desk).state is ApprovalState.DONE
    assert _flow(desk) == {State.EXPORTED}
    assert "1 request waits" not in desk.browser.get("/?lang=en").text


def test_a_no_stays_until_somebody_asks_again_and_another_says_yes(desk: Page) -> None:
    """Whoever asks again cannot say yes to it, and needs a reason."""
    first = _asked(desk)
    assert _decide(desk, first, "no") == 422
    assert _decide(desk, first, "no", "wrong month") == 303
    assert _flow(desk) == {State.RECEIVED}
    again = f"/approvals/{first.asked.id}/ask-again"
    assert desk.form(again) == 422
    assert desk.form(again, why="it was the right month") == 303
    assert desk.form(again, why="twice") == 409
    second = _asked(desk)
    assert (second.asked.by, second.asked.why) == ("Birthe", "it was the right month")
    assert _decide(desk, second, "yes") == 409
    desk.sign_in(BOOKKEEPER, "Carl")
    assert _decide(desk, second, "yes") == 303
    assert _flow(desk) == {State.EXPORTED}


@pytest.mark.parametrize(
    ("roles", "decided", "asked"), [({"main": Role.VIEWER}, 403, 403), ({"other": Role.ADMINISTRATOR}, 404, 404)]
)
def test_who_may_not_decide_changes_nothing(desk: Page, roles: dict[str, Role], decided: int, asked: int) -> None:
    """A viewer is refused, and another export's request is not there."""
    found = _asked(desk)
    desk.sign_in(roles, "Dorte")
    assert _decide(desk, found, "yes") == decided
    assert desk.form(f"/approvals/{found.asked.id}/ask-again", why="me") == asked
    assert _asked(desk).state is ApprovalState.WAITING
    assert desk.services.seen_by(Rights(roles=roles)).holds.requests("main-p881") == (
        [found.asked.id] if "main" in roles else ()
    )
