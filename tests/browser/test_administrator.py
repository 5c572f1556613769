"""The day of an administrator: exports and their set-up, an agreement connected, people, and who did what."""

import httpx
import pytest
from playwright.sync_api import expect
from support.office import Office, grave, shoot, words

from worker.domain.access import Role
from worker.web.words import ACTS


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_export_is_checked(office: Office, language: str) -> None:
    """Everything in one list, in the reader's language: what is wrong first."""
    say, page = words(language), office.person(Role.ADMINISTRATOR, language)
    main = page.get_by_role("main")
    page.get_by_role("navigation").get_by_role("link", name=say("Exports")).click()
    expect(main).to_contain_text(say("Invoices, drafted and booked"))
    shoot(page, f"exports-{language}")
    main.get_by_role("link", name="main", exact=True).click()
    page.get_by_role("button", name=say("Check the set-up in e-conomic now")).click()
    expect(main).to_contain_text(say("Tokens and roles"))
    expect(main).to_contain_text(say("VAT zone, domestic"))
    if language == "da":
        assert "would pass" not in main.inner_text()
    assert grave(page) == []
    shoot(page, f"export-{language}")


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_agreement_is_connected(office: Office, language: str) -> None:
    """At e-conomic's grant page and back, seen, confirmed, stored; a token that opens nothing is not."""
    say, page = words(language), office.person(Role.ADMINISTRATOR, language)
    main, before = page.get_by_role("main"), (office.folder / "grant").read_text()
    page.goto("/exports/main")
    page.get_by_role("link", name=say("Connect an agreement")).click()
    assert grave(page) == []
    shoot(page, f"connect-{language}")
    page.get_by_label(say("Token")).fill("nonsense")
    page.get_by_role("button", name=say("See what it opens")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert grave(page) == []
    shoot(page, f"connect-refused-{language}")

    page.get_by_role("link", name=say("Grant access in e-conomic")).click()
    page.wait_for_url(lambda url: "requestaccess" in url)
    page.get_by_role("button").first.click()
    expect(main).to_contain_text(say("This is what the token opens"))
    assert (office.folder / "grant").read_text() == before
    assert grave(page) == []
    shoot(page, f"connect-granted-{language}")
    page.get_by_role("button", name=say("Yes, export to agreement %(agreement)s", agreement=office.number)).click()
    expect(main).to_contain_text(
        say(
            "Connected. Every process takes the token in within some seconds; "
            "an export that waited for it goes on by itself."
        )
    )
    assert grave(page) == []
    shoot(page, f"connected-{language}")
    assert (office.folder / "grant").read_text() != before


@pytest.mark.parametrize("language", ["da", "en"])
def test_who_did_what_is_in_the_log(office: Office, language: str) -> None:
    """A person who is added and removed at once loses their session, and both stand in the log with who did it."""
    say, page = words(language), office.person(Role.ADMINISTRATOR, language)
    main, name = page.get_by_role("main"), f"Vikar {language}"
    office.give(name, Role.VIEWER)
    office.command("user", "remove", name, "--by", "carl")
    page.get_by_role("navigation").get_by_role("link", name=say("Log"), exact=True).click()
    shoot(page, f"log-{language}")
    page.get_by_label(say("Who, why or number")).fill(name)
    page.get_by_role("button", name=say("Search")).click()
    expect(main.locator("tbody tr")).to_have_count(2)
    for act in ("add-user", "remove-user"):
        expect(main.locator("tbody")).to_contain_text(say(ACTS[act]))
    expect(main.locator("tbody")).to_contain_text("carl")
    with httpx.Client(base_url=office.page) as client:
        assert client.get("/log").headers["location"] == "/sign-in"
