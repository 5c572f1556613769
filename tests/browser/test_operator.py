"""The day of an operator: processes, refused events corrected or discarded, an invoice that came again."""

import json

import pytest
from playwright.sync_api import expect
from support.installation import event
from support.office import FIRST, Office, shoot, words
from support.samples import customer, invoice, line

from worker.domain.access import Role

#: Language -> where the numbers of that day begin: each day has events of its own.
DAYS = {"da": 0, "en": 1}


def _event(office: Office, day: int, period: int, number: int, *, wrong: bool = False) -> str:
    """Have Opter send a period of one invoice; ``wrong``: its control total does not add up. Return its name."""
    name = f"2026-{period}"
    buyer = customer(code="K1003", ledger_number=1003, name="Claustrup Tømrerfirma ApS", corporate_id=None)
    document = event(
        invoice(line("800.00"), invoice_number=number, customer=buyer),
        event_id=f"day-{day}-{period}",
        period=period,
        name=name,
    )
    if wrong:
        document["data"]["controlTotals"][0]["net"] = "1.00"
    office.push(document)
    return name


def _refused(office: Office) -> int:
    return int(office.json("status")["deadEvents"])


@pytest.mark.parametrize("language", ["da", "en"])
def test_health_says_who_is_alive(office: Office, language: str) -> None:
    """Worker, intake, sweeps and page; nobody is missed."""
    say, page = words(language), office.person(Role.OPERATOR, language)
    page.get_by_role("navigation").get_by_role("link", name=say("Health")).click()
    main = page.get_by_role("main")
    expect(main).to_contain_text(say("Every process that is needed is alive."))
    expect(main).to_contain_text(say("alive"))
    shoot(page, f"health-{language}")


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_refused_event_is_corrected_and_another_discarded(office: Office, language: str) -> None:
    """The corrected one is taken in, and its period appears; the other is forgotten, with the reason in the log."""
    say, page, day = words(language), office.person(Role.OPERATOR, language), DAYS[language]
    main, before = page.get_by_role("main"), _refused(office)
    wrong, number = 890 + 10 * day, 610_001 + 10 * day
    name = _event(office, day, wrong, number, wrong=True)
    unwanted = _event(office, day, wrong + 1, number + 1, wrong=True)
    office.wait_for(lambda: _refused(office) == before + 2, "both events are refused")

    page.get_by_role("navigation").get_by_role("link", name=say("Events")).click()
    shoot(page, f"events-{language}")
    page.locator("li", has_text=name).get_by_role("link").first.click()
    shoot(page, f"event-{language}")
    page.get_by_role("link", name=say("Correct and send again")).click()
    editor = page.get_by_label(say("The event"))
    editor.fill(json.dumps({**json.loads(editor.input_value()), "time": "yesterday"}))
    page.get_by_label(say("What was corrected")).fill("control total")
    page.get_by_role("button", name=say("Send the corrected event")).click()
    expect(page.get_by_role("alert").first).to_be_visible()  # what is still wrong with it is said at once
    shoot(page, f"correct-{language}")
    text = json.loads(editor.input_value())
    text["time"] = "2026-11-20T15:04:05Z"
    text["data"]["controlTotals"][0]["net"] = "800.00"
    editor.fill(json.dumps(text))
    page.get_by_label(say("What was corrected")).fill("control total")
    page.get_by_role("button", name=say("Send the corrected event")).click()
    page.wait_for_url("**/events")
    office.wait_for(lambda: office.counts(f"main-p{wrong}") == {"exported": 1}, "the corrected event went through")

    page.locator("li", has_text=unwanted).get_by_role("link").first.click()
    main.get_by_text(say("Discard the event")).click()
    main.get_by_label(say("Reason")).fill("sent twice")
    main.get_by_role("button", name=say("Nothing of it is needed any more")).click()
    page.wait_for_url("**/events")
    assert _refused(office) == before
    page.get_by_role("navigation").get_by_role("link", name=say("Log"), exact=True).click()
    expect(main).to_contain_text("sent twice")


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_invoice_that_came_again_is_settled(office: Office, language: str) -> None:
    """Both contents side by side, accepted with a reason; what was posted stays."""
    say, page, day = words(language), office.person(Role.OPERATOR, language), DAYS[language]
    main, period, number = page.get_by_role("main"), 870 + day, 620_001 + day
    _event(office, day, period, number)
    office.wait_for(lambda: office.counts(f"main-p{period}") == {"exported": 1}, "the invoice is exported")
    again = event(
        invoice(
            line("900.00"),
            invoice_number=number,
            customer=customer(code="K1003", ledger_number=1003, name="Claustrup Tømrerfirma ApS", corporate_id=None),
        ),
        event_id=f"again-{day}",
        period=period,
        name=f"2026-{period}",
    )
    office.push(again)

    def came() -> bool:
        page.goto(f"/invoices/main-{number}")
        return page.get_by_role("heading", name=say("Came again with other content")).count() == 1

    office.wait_for(came, "the conflict shows")
    expect(main).to_contain_text("900")
    shoot(page, f"conflict-{language}")
    page.get_by_label(say("Reason")).fill("a mistake in Opter, credited")
    page.get_by_role("button", name=say("Accept: what was posted stays")).click()
    expect(main).to_contain_text(say("accepted by"))
    assert main.get_by_role("button", name=say("Accept: what was posted stays")).count() == 0
    assert str(FIRST) not in page.url
