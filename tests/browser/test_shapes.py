"""Every page in every shape: both themes, screen and phone, for eyes and for screen readers."""

import pytest
from playwright.sync_api import Page, expect
from support.installation import event
from support.office import PERIOD, PHONE, SCREEN, SCREENS, Office, grave, shoot, words
from support.samples import invoice

from worker.domain.access import Role

#: Every page that needs no more than an address.
PAGES = (
    *("/", PERIOD, f"{PERIOD}?state=dead&q=lindholm", "/to-fix", "/batches", "/batches/new?period=main-p881"),
    *("/invoices/main-500001", "/invoices?q=999", "/events", "/exports", "/exports/main", "/exports/main/connect"),
    *("/approvals", "/log", "/log?what=batch", "/health", "/nowhere"),
)


@pytest.fixture(scope="module")
def pages(office: Office) -> tuple[str, ...]:
    """All of them, with a cause, a failed invoice and a refused event of their own."""
    wrong = event(invoice(invoice_number=690_001), event_id="shapes", period=899, name="2026-899")
    wrong["data"]["controlTotals"][0]["net"] = "1.00"
    office.push(wrong)
    page = office.person(Role.ADMINISTRATOR, "en")

    def refused() -> bool:
        page.goto("/events")
        return page.locator("li", has_text="2026-899").count() == 1

    office.wait_for(refused, "the event is refused")
    kept = str(page.locator("li", has_text="2026-899").get_by_role("link").first.get_attribute("href"))
    page.goto("/to-fix")
    cause = str(page.locator("main a[href^='/to-fix/']").last.get_attribute("href"))
    page.goto(cause)
    failed = str(page.locator("main tbody a").first.get_attribute("href"))
    return (*PAGES, cause, failed, kept, f"{kept}/correct")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_can_be_read_and_reached(office: Office, pages: tuple[str, ...], *, dark: bool) -> None:
    """Nothing serious by axe-core, one heading of its own, a name for each control, no page wider than its window."""
    page, found = office.person(Role.ADMINISTRATOR, "en" if dark else "da", dark=dark), {}
    for path in pages:
        page.goto(path)
        problems = grave(page)
        if page.get_by_role("heading", level=1).count() != 1:
            problems.append("not one heading")
        snapshot = page.locator("body").aria_snapshot()
        problems += [f"a {role} without a name" for role in _CONTROLS if f"- {role}\n" in snapshot]
        problems += [f"wider than {width}" for width in (PHONE, SCREEN) if _wide(page, width)]
        if problems:
            found[path] = problems
        if not dark:
            shoot(page, f"all-{_name(path)}")
    assert found == {}


_CONTROLS = ("link", "button", "textbox", "combobox")


def _wide(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 800})
    return int(page.evaluate("document.documentElement.scrollWidth")) > width


def _name(path: str) -> str:
    plain = path.partition("?")[0].strip("/").split("/")
    return "-".join(part for part in plain if len(part) < 16) or "periods"  # no digests


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_header_is_one_line_on_a_screen(office: Office, language: str) -> None:
    """With every link that there is, search, language and sign-out."""
    page = office.person(Role.ADMINISTRATOR, language)
    boxes = [box for part in page.locator("header nav a, header button").all() if (box := part.bounding_box())]
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert len(boxes) > 9  # eight links and two buttons
    assert max(middles) - min(middles) < 4  # pixels


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_period_without_javascript(office: Office, language: str) -> None:
    """The same figures, on a phone as well."""
    say = words(language)
    texts = []
    for script in (True, False):
        page = office.person(Role.BOOKKEEPER, language, script=script)
        page.goto(PERIOD)
        expect(page.get_by_role("main")).to_contain_text(say("Sums"))
        texts.append(page.locator(".progress p").inner_text())
        page.set_viewport_size({"width": PHONE, "height": 800})
        page.screenshot(path=SCREENS / f"period-{'script' if script else 'plain'}-{language}-{PHONE}.png")
    assert texts[0] == texts[1]
