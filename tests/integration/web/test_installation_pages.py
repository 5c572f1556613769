"""Exports and health as a person sees them."""

import pytest
from support.store.steps import FAILURE
from support.web_page import Page

from worker.domain.access import EVERY, Role
from worker.domain.clocks import ClockReading
from worker.domain.notices import Addressed, Kind, Notice, Once
from worker.domain.ports import AgreementRate
from worker.domain.reasons import failure
from worker.domain.signs_of_life import Part
from worker.economic.mapping.setup_check import Check
from worker.economic.reasons import EconomicReason

RATE = AgreementRate(spent=250.0, granted=1000.0, called_ago=5.0, failures=0, trips=0, open_for=0.0, blocked_for=0.0)


def test_an_export_is_shown_with_its_limit_its_last_answer_and_the_clocks(signed_in: Page) -> None:
    """As its workers have seen them last; what was not seen is not made up."""
    signed_in.rates = {"main": RATE}
    reading = ClockReading(export="main", worker="w", at=1.0, accounting_ahead=-45.0, worker_ahead=0.0)
    signed_in.harness.store.note_clocks(reading)
    text = signed_in.browser.get("/exports?lang=en").text
    assert "25 percent of its limit used" in text
    assert "last called 5 seconds ago" in text
    assert "45 seconds apart" in text
    assert "Nothing is created while" in text
    assert "not called for two days" in text  # the other export
    assert "25 procent af grænsen brugt" in signed_in.browser.get("/exports/main?lang=da").text


def test_the_set_up_is_checked_when_it_is_asked_for(signed_in: Page) -> None:
    """What has to be put right comes first, with its next step."""
    signed_in.checks = (
        Check(item="Tokens and roles", ok=True, found="accepted"),
        Check(item="Payment terms", ok=False, found="none of 30 days", next_step="Create them."),
    )
    text = signed_in.browser.post("/exports/main/check?lang=en", data={"form_token": signed_in.form_token()}).text
    assert "1 thing has to be put right." in text
    assert text.index("Create them.") < text.index("Tokens and roles")
    signed_in.checks = signed_in.checks[:1]
    done = signed_in.browser.post("/exports/main/check?lang=en", data={"form_token": signed_in.form_token()}).text
    assert "The set-up is complete." in done
    assert signed_in.form("/exports/nothing/check") == 404


def test_a_paused_export_is_resumed_with_a_reason(signed_in: Page) -> None:
    """Which stands in the log of actions; without one nothing happens."""
    store = signed_in.harness.store
    store.pause("main", failure(EconomicReason.TOKENS_REFUSED, "e-conomic answered 401."))
    assert "refused by e-conomic" in signed_in.browser.get("/exports/main?lang=en").text
    assert signed_in.form("/exports/main/resume", why=" ") == 422
    assert "main" in store.paused()
    assert signed_in.form("/exports/main/resume", why="new token") == 303
    assert "main" not in store.paused()
    assert "new token" in signed_in.browser.get("/log?what=resume").text


def test_another_exports_state_is_not_there(page: Page) -> None:
    """Neither listed, nor shown, nor checked, nor resumed."""
    page.harness.store.pause("other", FAILURE)
    page.sign_in({"main": Role.OPERATOR})
    assert 'href="/exports/other"' not in page.browser.get("/exports").text
    assert page.browser.get("/exports/other").status_code == 404
    for action in ("check", "resume"):
        assert page.form(f"/exports/other/{action}", why="x") == 404
    assert "other" in page.harness.store.paused()


@pytest.mark.parametrize(("role", "status"), [(Role.OPERATOR, 200), (Role.BOOKKEEPER, 403)])
def test_health_is_for_operators(page: Page, role: Role, status: int) -> None:
    """Of every export: processes belong to the installation."""
    page.sign_in({EVERY: role})
    assert page.browser.get("/health").status_code == status
    assert ('href="/health"' in page.browser.get("/").text) == (status == 200)


def test_health_names_what_is_alive_and_what_is_not(signed_in: Page) -> None:
    """A worker that was seen, an intake that was not; Redis in numbers, and the way to Flower."""
    store, clock = signed_in.harness.store, signed_in.harness.clock
    store.show_life(Part.WORKER, "old@host")
    clock.advance(300)
    store.show_life(Part.WORKER, "worker@host")
    store.show_life(Part.SWEEPS, "sweeps@host")
    text = signed_in.browser.get("/health?lang=en").text
    assert text.index("worker@host") < text.index("old@host")
    assert "5 minutes ago" in text
    assert "Every process that is needed is alive." not in text
    assert 'href="http://flower.example"' in text
    store.show_life(Part.INTAKE, "intake@host")
    assert "Every process that is needed is alive." in signed_in.browser.get("/health?lang=en").text


def test_a_channel_that_fails_is_shown_with_its_reason(signed_in: Page) -> None:
    """Beside those that are well; what waits there is counted."""
    store = signed_in.harness.store
    notice = Notice(kind=Kind.RESUMED, export="main")
    store.tell([Once(key="k", notice=notice, to=[Addressed(channel="installation", due_at=0.0)])])
    message = store.claim_message("installation", lease=60.0)
    assert message is not None
    store.message_failed(message, why="the service answered 503", again_in=30.0, doubtful=False)
    text = signed_in.browser.get("/health?lang=da").text
    assert "fejler" in text
    assert "the service answered 503" in text
    assert "other:finance" in text


def test_an_export_without_an_agreement_says_so(page: Page) -> None:
    """Until the first use none is pinned: what to do stands there, in both languages; then its number does."""
    page.sign_in()
    for language, none, step in (
        ("en", "none pinned yet", "first writes"),
        ("da", "ingen låst fast endnu", "første gang"),
    ):
        assert none in page.browser.get(f"/exports?lang={language}").text
        shown = page.browser.get(f"/exports/main?lang={language}").text
        assert none in shown
        assert step in shown
    page.harness.store.pin("main", 4711)
    shown = page.browser.get("/exports/main?lang=en").text
    assert "4711" in shown
    assert "that of the first use" in shown
    assert "none pinned yet" not in shown
    assert "4711" in page.browser.get("/exports?lang=en").text
