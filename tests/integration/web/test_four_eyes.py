"""What is over a limit is done with a second person's yes: for exactly the frozen set, once, and never by who asks."""

import re
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs
from support import samples
from support.web_page import FINE, MISSING, OTHER, Page, customer

from config.sign_in_section import SignIn
from worker.domain.access import EVERY, Role
from worker.domain.approval import Approval, ApprovalState, Decision
from worker.domain.record import State
from worker.web.asking import carry_out

BOOKKEEPER = {"main": Role.BOOKKEEPER}


@pytest.fixture
def desk(redis_client: redis.Redis, redis_prefix: str) -> Page:
    """Two invoices failed for one cause, 1 260.00 DKK; more than 1 255 needs a second person. Birthe has signed in."""
    page = Page(redis_client, redis_prefix, sign_in=SignIn(four_eyes=("DKK 1255",), approval_hours=2))
    page.fill()
    page.sign_in(BOOKKEEPER)
    return page


def _ask(page: Page) -> Approval:
    """Let whoever has signed in ask for the group to be queued again."""
    assert page.form(page.cause() + "/requeue", set=page.set_digest(), why="the group is made") == 202
    return page.services.approvals.approvals()[0]


def _states(page: Page) -> set[State]:
    return {page.harness.record(f"main-{number}").state for number in (MISSING, OTHER)}


def _state(page: Page, found: Approval) -> ApprovalState:
    now = page.services.approvals.approval(found.asked.id)
    assert now
    return now.state


def _decide(page: Page, found: Approval, answer: str = "yes", why: str = "") -> int:
    return page.form(f"/approvals/{found.asked.id}/decide", answer=answer, why=why)


def test_what_is_over_the_limit_waits_for_a_second_person(desk: Page) -> None:
    """Nothing moves until somebody else says yes; both names stand in the history."""
    found = _ask(desk)
    assert _states(desk) == {State.DEAD}
    assert (found.asked.by, found.asked.invoices, found.expires_at - found.asked_at) == ("Birthe", 2, 7200)
    desk.sign_in(BOOKKEEPER, "Carl")
    assert "1 request waits" in desk.browser.get("/?lang=en").text
    shown = desk.browser.get(f"/approvals/{found.asked.id}?lang=en").text
    assert "1,260.00 DKK" in shown
    assert "the group is made" in shown
    assert _decide(desk, found) == 303
    assert _states(desk) == {State.RECEIVED}
    record = desk.harness.record(f"main-{MISSING}")
    assert record.history[-1].detail == "Birthe, Carl: the group is made"
    assert _state(desk, found) is ApprovalState.DONE


def test_what_is_within_the_limit_needs_nobody(desk: Page) -> None:
    """A single invoice of the group is queued again at once; a larger one waits."""
    assert desk.form(f"/invoices/main-{OTHER}/requeue", why="made") == 303
    large = samples.invoice(samples.line("2000.00", account="3050"), invoice_number=100009, customer=customer("Acme"))
    desk.harness.close_period(large, event="/opter/acme/1#e2", number=882)
    desk.harness.until_rest()
    for form in ("requeue", "mark-exported"):
        assert desk.form(f"/invoices/main-100009/{form}", why="typed in as 4711") == 202
    assert desk.harness.record("main-100009").state is State.DEAD
    marked = next(each for each in desk.services.approvals.approvals() if each.asked.action == "mark-exported")
    desk.sign_in(BOOKKEEPER, "Carl")
    assert _decide(desk, marked) == 303
    record = desk.harness.record("main-100009")
    assert (record.state, record.history[-1].detail) == (State.EXPORTED, "Birthe, Carl: typed in as 4711")


def test_nobody_says_yes_to_themselves(desk: Page) -> None:
    """Neither by the form, which is not offered, nor under another spelling of the name; they may take it back."""
    found = _ask(desk)
    assert 'value="yes"' not in desk.browser.get(f"/approvals/{found.asked.id}").text
    for name in ("Birthe", "BIRTHE "):
        desk.sign_in({EVERY: Role.ADMINISTRATOR}, name)
        assert _decide(desk, found) == 409
    assert _states(desk) == {State.DEAD}
    assert _decide(desk, found, "no", "asked by mistake") == 303
    desk.sign_in(BOOKKEEPER, "Carl")
    assert _decide(desk, found) == 409
    assert _states(desk) == {State.DEAD}


def test_only_who_may_approve_is_asked(desk: Page) -> None:
    """A viewer, or a bookkeeper of another export, cannot; for the latter it is not there."""
    found = _ask(desk)
    desk.sign_in({"main": Role.VIEWER, "other": Role.BOOKKEEPER}, "Viggo")
    assert 'value="yes"' not in desk.browser.get(f"/approvals/{found.asked.id}").text
    assert _decide(desk, found) == 403
    assert _decide(desk, found, "no", "x") == 403
    desk.sign_in({"other": Role.BOOKKEEPER}, "Otto")
    assert desk.browser.get(f"/approvals/{found.asked.id}").status_code == 404
    assert found.asked.id not in desk.browser.get("/approvals").text
    assert (_decide(desk, found), _state(desk, found)) == (404, ApprovalState.WAITING)
    assert _states(desk) == {State.DEAD}


def test_a_no_needs_a_reason_and_ends_it(desk: Page) -> None:
    """The reason is shown; a later yes does not count."""
    found = _ask(desk)
    desk.sign_in(BOOKKEEPER, "Carl")
    assert _decide(desk, found, "no", " ") == 422
    assert _decide(desk, found, "no", "wrong <b>group</b>") == 303
    assert "wrong &lt;b&gt;group" in desk.browser.get(f"/approvals/{found.asked.id}").text
    desk.sign_in(BOOKKEEPER, "Dorte")
    assert _decide(desk, found) == 409
    assert _states(desk) == {State.DEAD}


def test_what_nobody_decides_expires(desk: Page) -> None:
    """A yes that comes too late does nothing, and says so."""
    found = _ask(desk)
    desk.harness.clock.advance(7200)
    desk.sign_in(BOOKKEEPER, "Carl")
    assert _decide(desk, found) == 409
    assert (_states(desk), _state(desk, found)) == ({State.DEAD}, ApprovalState.EXPIRED)


def test_only_the_frozen_set_moves(desk: Page) -> None:
    """What failed meanwhile is not in it; what has moved on and failed again is left alone."""
    found = _ask(desk)
    desk.harness.clock.advance(1)
    desk.harness.close_period(
        samples.invoice(samples.line(account="3050"), invoice_number=100009, customer=customer("Acme A/S")),
        event="/opter/acme/1#e2",
        number=882,
    )
    assert desk.form(f"/invoices/main-{OTHER}/requeue", why="alone") == 303
    desk.harness.until_rest()
    assert _states(desk) == {State.DEAD}
    before = len(desk.harness.record(f"main-{OTHER}").history)
    desk.sign_in(BOOKKEEPER, "Carl")
    assert "1 invoice is still as it was" in desk.browser.get(f"/approvals/{found.asked.id}?lang=en").text
    assert _decide(desk, found) == 303
    assert desk.harness.record(f"main-{MISSING}").state is State.RECEIVED
    assert desk.harness.record("main-100009").state is State.DEAD
    assert len(desk.harness.record(f"main-{OTHER}").history) == before


def test_a_page_that_was_killed_after_the_yes_goes_on(desk: Page) -> None:
    """It was approved and not done: the page says so, and one more press does it; a second one does nothing more."""
    found = _ask(desk)
    desk.services.approvals.decide(found.asked.id, Decision(yes=True, by="Carl", why=""))
    desk.sign_in(BOOKKEEPER, "Dorte")
    address = f"/approvals/{found.asked.id}"
    assert re.search("stopped before it was done", desk.browser.get(f"{address}?lang=en").text)
    assert _states(desk) == {State.DEAD}
    for _ in range(2):
        assert desk.form(f"{address}/carry-out") == 303
    record = desk.harness.record(f"main-{MISSING}")
    assert [entry.event for entry in record.history].count("requeued") == 1
    assert record.history[-1].detail == "Birthe, Carl: the group is made"


def test_half_done_is_done_to_its_end_once(desk: Page) -> None:
    """Killed between the moves and the note: those that moved, and may have failed again, are not moved again."""
    found = _ask(desk)
    desk.services.approvals.decide(found.asked.id, Decision(yes=True, by="Carl", why=""))
    desk.harness.clock.advance(1)
    desk.harness.store.requeue([f"main-{MISSING}"], by="Birthe, Carl")
    desk.harness.until_rest()
    approved = desk.services.approvals.approval(found.asked.id)
    assert approved
    assert carry_out(desk.services.approvals, desk.services.batches, approved) == 1
    moved = [entry.event for entry in desk.harness.record(f"main-{MISSING}").history].count("requeued")
    assert (moved, desk.harness.record(f"main-{OTHER}").state) == (1, State.RECEIVED)


def test_a_set_that_is_gone_is_not_done(desk: Page) -> None:
    """Approved, and never noted as done: nobody can say any more what was agreed to, so that it is asked for anew."""
    found = _ask(desk)
    desk.harness.store.frozen.clear()
    desk.sign_in(BOOKKEEPER, "Carl")
    assert _decide(desk, found) == 303
    assert (_states(desk), _state(desk, found)) == ({State.DEAD}, ApprovalState.APPROVED)
    assert desk.form(f"/approvals/{found.asked.id}/carry-out") == 303
    assert (_states(desk), _state(desk, found)) == ({State.DEAD}, ApprovalState.APPROVED)


def test_the_same_set_is_asked_for_once(desk: Page) -> None:
    """A second press finds the request that waits; after a no it may be asked for anew."""
    first = _ask(desk)
    assert _ask(desk).asked.id == first.asked.id
    desk.services.approvals.decide(first.asked.id, Decision(yes=False, by="Carl", why="no"))
    desk.harness.clock.advance(1)
    assert _ask(desk).asked.id != first.asked.id


def test_who_may_not_requeue_cannot_ask_for_it(desk: Page) -> None:
    """A request is no way around a role."""
    cause, frozen = desk.cause(), desk.set_digest()
    desk.sign_in({"main": Role.VIEWER, "other": Role.BOOKKEEPER}, "Viggo")
    assert desk.form(f"{cause}/requeue", set=frozen, why="x") == 403
    assert desk.services.approvals.approvals() == []


def test_every_step_is_logged_with_its_person_and_without_customers(desk: Page) -> None:
    """Who asked, who answered, what was done; ids and counts alone."""
    with capture_logs() as lines:
        found = _ask(desk)
        desk.sign_in(BOOKKEEPER, "Carl")
        _decide(desk, found)
    steps = [(line["event"], line.get("by")) for line in lines if line["event"].startswith("approval")]
    assert steps == [("approval_asked", "Birthe"), ("approval_decided", "Carl"), ("approval_carried_out", None)]
    assert "Acme" not in str(lines)


def test_without_a_limit_there_are_no_approvals(redis_client: redis.Redis, redis_prefix: str, tmp_path: Path) -> None:
    """One person does all, as before; the page does not speak of it."""
    page = Page(redis_client, redis_prefix, folder=tmp_path)
    page.fill()
    page.sign_in()
    assert 'href="/approvals"' not in page.browser.get("/").text
    assert page.form(page.cause() + "/requeue", set=page.set_digest(), why="x") == 200
    assert page.harness.record(f"main-{FINE}").state is State.EXPORTED
