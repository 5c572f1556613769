"""Batches on the page: previewed, confirmed, followed, cancelled, and seen by those who may."""

import pytest
from support.web_page import FINE, MISSING, OTHER, Page

from worker.domain.access import Role
from worker.domain.batch import BatchAction, BatchState
from worker.domain.record import Outcome, State

PREVIEW = "/batches/new?period=main-p881"


def digest(page: Page, address: str) -> str:
    """The set that a preview shows."""
    return str(page.browser.get(address).text.split('name="set" value="')[1].split('"')[0])


def start(page: Page, action: BatchAction, *, why: str = "a test", **choice: str) -> int:
    """Confirm what a preview shows, as the page would."""
    address = f"{PREVIEW}&action={action}" + "".join(f"&{name}={value}" for name, value in choice.items())
    fields = {"period": "main-p881", "action": action.value, "set": digest(page, address), "why": why, **choice}
    return page.form("/batches/new", **fields)


def test_a_batch_is_shown_before_it_is_confirmed(signed_in: Page) -> None:
    """How many, money, calls and minutes; looking changes nothing."""
    text = signed_in.browser.get(f"{PREVIEW}&action=requeue&lang=en").text

    assert "2 invoices" in text
    assert "1,260.00 DKK" in text
    assert "about 6 calls" in text
    assert signed_in.harness.store.batches() == []


def test_all_that_fit_are_discarded_with_a_reason(signed_in: Page) -> None:
    """Without one nothing happens; the batch says who and why, and each invoice's history too."""
    assert start(signed_in, BatchAction.DISCARD, why=" ") == 422
    assert start(signed_in, BatchAction.DISCARD, why="test invoices") == 303

    record = signed_in.harness.record(f"main-{MISSING}")
    assert (record.state, record.outcome) == (State.EXPORTED, Outcome.DISCARDED)
    assert record.history[-1].detail == "Birthe: test invoices"
    [batch] = signed_in.harness.store.batches()
    text = signed_in.browser.get(f"/batches/{batch.ordered.id}?lang=en").text
    assert "test invoices" in text
    assert f"/invoices/main-{OTHER}" in text
    assert batch.ordered.id in signed_in.browser.get("/batches").text


def test_a_choice_is_narrowed_by_what_was_searched(signed_in: Page) -> None:
    """Only the customer with that name; what was exported can only be exported again."""
    assert start(signed_in, BatchAction.MARK_EXPORTED, q="Acme A/S") == 303
    assert signed_in.harness.record(f"main-{OTHER}").outcome is Outcome.BY_HAND
    assert signed_in.harness.record(f"main-{MISSING}").state is State.DEAD
    assert start(signed_in, BatchAction.REEXPORT, q=str(FINE)) == 303
    assert signed_in.harness.record(f"main-{FINE}").state is State.RECEIVED


def test_another_set_than_was_shown_is_refused(signed_in: Page) -> None:
    """One of them has moved meanwhile."""
    shown = digest(signed_in, f"{PREVIEW}&action=requeue")
    signed_in.harness.store.mark_exported(f"main-{OTHER}", by="kim", why="by hand")

    assert signed_in.form("/batches/new", period="main-p881", action="requeue", set=shown, why="x") == 409
    assert signed_in.harness.record(f"main-{MISSING}").state is State.DEAD


def test_a_running_batch_is_cancelled(signed_in: Page) -> None:
    """By name; the form is gone then."""
    assert start(signed_in, BatchAction.REQUEUE) == 303
    [batch] = signed_in.harness.store.batches()
    address = f"/batches/{batch.ordered.id}"

    assert f"{address}/cancel" in signed_in.browser.get(address).text
    assert signed_in.form(f"{address}/cancel") == 303
    [cancelled] = signed_in.harness.store.batches()
    assert (cancelled.state, cancelled.cancelled_by) == (BatchState.CANCELLED, "Birthe")
    assert f"{address}/cancel" not in signed_in.browser.get(address).text
    assert "Cancelled by Birthe" in signed_in.browser.get(f"{address}?lang=en").text


def test_an_unknown_batch_is_not_there(signed_in: Page) -> None:
    """Neither its page nor its form changes anything."""
    assert signed_in.browser.get("/batches/main-batch-9").status_code == 404
    assert signed_in.form("/batches/main-batch-9/cancel") == 303


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BOOKKEEPER])
def test_a_viewer_starts_and_cancels_none(page: Page, role: Role) -> None:
    """Looks at the preview and the list; only who may is offered the form, and the server refuses the rest."""
    page.fill()
    page.sign_in({"main": role})
    may = role is Role.BOOKKEEPER
    text = page.browser.get(f"{PREVIEW}&action=requeue").text

    assert ('name="set"' in text) is may
    fields = {"period": "main-p881", "action": "requeue", "set": "x", "why": "x"}
    assert page.form("/batches/new", **fields) == (409 if may else 403)
    assert page.harness.record(f"main-{MISSING}").state is State.DEAD


def test_what_another_export_holds_is_not_there(page: Page) -> None:
    """Its causes, its batches and a preview of its period, by whatever address."""
    page.fill()
    page.fill_other()
    page.sign_in()
    other = next(cause for cause in page.harness.store.causes() if cause.export == "other")
    assert start(page, BatchAction.REQUEUE) == 303
    [batch] = page.harness.store.batches()
    page.sign_in({"other": Role.BOOKKEEPER})
    hidden = page.browser.get(f"/batches/{batch.ordered.id}")

    assert hidden.status_code == 404
    assert batch.ordered.id not in page.browser.get("/batches").text
    assert page.form(f"/batches/{batch.ordered.id}/cancel") == 303
    assert page.harness.store.batches()[0].state is BatchState.RUNNING
    assert 'name="set"' not in page.browser.get(f"{PREVIEW}&action=requeue").text
    assert page.browser.get("/to-fix").text.count('href="/to-fix/') == 1
    page.sign_in({"main": Role.BOOKKEEPER})
    assert page.form(f"/to-fix/{other.id}/check") == 200
    assert next(cause for cause in page.harness.store.causes() if cause.export == "other").answer is None
