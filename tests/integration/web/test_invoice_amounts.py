"""Both sets of amounts on the page of an invoice."""

from support.web_page import FINE, MISSING, Page

from worker.domain.access import Role
from worker.domain.record import Finish, InvoiceRecord, Outcome


def test_what_was_posted_stands_beside_what_opter_says(signed_in: Page) -> None:
    """Only of what was posted; where nothing was, nothing is made up."""
    posted = signed_in.browser.get(f"/invoices/main-{FINE}?lang=en").text.split("e-conomic, as reported")[1]
    assert "1,250.00 DKK" in posted
    failed = signed_in.browser.get(f"/invoices/main-{MISSING}?lang=en").text.split("e-conomic, as reported")[1]
    assert "1,250.00" not in failed
    signed_in.harness.store.mark_exported(f"main-{MISSING}", by="kim", why="typed in")
    by_hand = signed_in.browser.get(f"/invoices/main-{MISSING}?lang=en").text.split("e-conomic, as reported")[1]
    assert "1,250.00" not in by_hand


def test_a_difference_within_the_tolerance_is_named(signed_in: Page) -> None:
    """Booked 1250.02 where Opter says 1250.00."""
    store, key = signed_in.harness.store, f"main-{FINE}"
    record = _claimed_again(signed_in, f"{key}.0a1b2c3d")
    changed = record.with_progress(booked_amounts=("1000.02", "250.00", "1250.02"), lookup=False)
    store.save(changed, Finish(outcome=Outcome.BOOKED))
    text = signed_in.browser.get(f"/invoices/{key}?lang=en").text.split("e-conomic, as reported")[1]
    assert "1,250.02 DKK</strong> (Difference 0.02)" in text


def _claimed_again(page: Page, task: str) -> InvoiceRecord:
    store, key = page.harness.store, f"main-{FINE}"
    store.reexport([key], by="kim")
    fence = store.claim_period("main-p881")
    assert fence is not None
    read = {record.id: record.content_hash for record in store.received("main-p881")}
    store.pass_preflight("main-p881", fence, read=read, queued=[key], lookup=frozenset(), dead={})
    record = store.claim(key, task)
    assert isinstance(record, InvoiceRecord)
    return record


def test_the_way_to_flowers_task_is_for_operators(page: Page) -> None:
    """The last task is named to everybody; of an invoice that no task has taken yet, none is."""
    page.fill()
    key = f"main-{FINE}"
    page.sign_in({"main": Role.OPERATOR})
    assert "flower.example/task/" not in page.browser.get(f"/invoices/{key}").text
    _claimed_again(page, f"{key}.0a1b2c3d")
    for role, offered in ((Role.OPERATOR, True), (Role.BOOKKEEPER, False)):
        page.sign_in({"main": role})
        text = page.browser.get(f"/invoices/{key}").text
        assert f"<code>{key}.0a1b2c3d</code>" in text
        assert (f'href="http://flower.example/task/{key}.0a1b2c3d"' in text) == offered
