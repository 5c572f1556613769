"""A bookkeeper's day in a real browser: sign in, see what is wrong, ask e-conomic, re-queue, find an invoice."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from support import samples
from support.installation import PATIENCE, Installation, event
from support.ports import free_port

from config.settings_sections import Redis
from worker.domain.invoice import Invoice
from worker.store.connection import StorePolicy
from worker.store.sessions import RedisSessions

SCREENS = Path("build/screens")
expect.set_options(timeout=PATIENCE * 1000)
#: The sandbox's customer 1001 has this corporate id.
KNOWN = samples.customer(corporate_id="99000007")
PERIOD = "/periods/main-p881"
#: Every page that needs no more than an address.
PAGES = (
    *("/", PERIOD, "/to-fix", "/batches", "/invoices/main-510001", "/invoices?q=999", "/events"),
    *("/exports", "/exports/main", "/exports/main/connect", "/log", "/health"),
)


class Desk:
    """An installation at rest with failures, its page, and people with browsers."""

    def __init__(self, place: Installation, port: int, browser: Browser) -> None:
        self.place = place
        self.url = f"http://127.0.0.1:{port}"
        self._browser = browser
        self.complaints: list[str] = []

    def person(self, language: str, *, width: int = 1280, script: bool = True, dark: bool = False) -> Page:
        """A person who has signed in by a link."""
        context: BrowserContext = self._browser.new_context(
            base_url=self.url,
            locale=language,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        with self.place.client() as client:
            sessions = RedisSessions(client, prefix=Redis().prefix, policy=StorePolicy())
            page.goto(f"/sign-in/{sessions.make_link('Birthe', seconds=60)}")
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)  # else the next page would be asked for without a session
        return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a word to any host but the page's."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("Chromium is missing: `apt-get install chromium`, or name it by CHROMIUM=/path.")
    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=quiet) as browser:
        yield browser


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    port = free_port()
    with Installation(tmp_path_factory.mktemp("desk"), web__port=str(port)) as place:
        for process in ("intake", "worker", "web"):
            place.start(process, process)
        place.push(
            event(
                *(_invoice(500_001 + n, "3010") for n in range(3)), *(_invoice(510_001 + n, "3050") for n in range(2))
            )
        )
        place.wait_for(lambda: place.counts() == {"exported": 3, "dead": 2}, "the period rests")
        place.wait_for(lambda: _answers(port), "the page answers")
        place.push(b'{"name": "broken')
        place.wait_for(lambda: place.json("status")["deadEvents"] == 1, "an event is refused")
        yield Desk(place, port, browser)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


def _invoice(number: int, account: str) -> Invoice:
    return samples.invoice(samples.line("1000.00", account=account), invoice_number=number, customer=KNOWN)


def test_the_page_answers_in_every_shape(desk: Desk) -> None:
    """Both languages, phone and screen, light and dark, with and without JavaScript: the same figures, no complaint."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for language, words in (("da", "3 af 5 eksporteret, 2 fejlet"), ("en", "3 of 5 exported, 2 failed")):
        for width in (1280, 390):
            for script in (True, False):
                page = desk.person(language, width=width, script=script, dark=width == 390)
                page.goto(PERIOD)
                assert words in page.get_by_role("main").inner_text()
                if script:
                    assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.screenshot(path=SCREENS / f"period-{language}-{width}.png", full_page=True)
    assert desk.complaints == []


def test_every_control_has_a_name(desk: Desk) -> None:
    """A screen reader has something to say for each link, button and field; every page has one heading of its own."""
    page = desk.person("en")
    for path in PAGES:
        page.goto(path)
        assert page.get_by_role("heading", level=1).count() == 1, path
        for role in ("link", "button", "textbox", "combobox"):
            snapshot = page.locator("body").aria_snapshot()
            assert f"- {role}\n" not in snapshot, (path, role)


def test_no_page_is_wider_than_a_phone(desk: Desk) -> None:
    """Each at 390 px, as a picture too; wide tables scroll in their own frame."""
    page = desk.person("da", width=390)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        name = path.strip("/").replace("/", "-").split("?")[0] or "periods"
        page.screenshot(path=SCREENS / f"{name}-390.png", full_page=True)
    assert desk.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(desk: Desk, *, dark: bool) -> None:
    """Every page by the rules of axe-core (WCAG 2 A and AA, contrast included), in both themes."""
    page = desk.person("en", dark=dark)
    page.goto("/to-fix")
    cause = page.locator("main a[href^='/to-fix/']").first.get_attribute("href")
    page.goto("/events")
    event_page = page.locator("main a[href^='/events/']").first.get_attribute("href")
    paths = (*PAGES, cause, event_page, f"{PERIOD}?state=dead&q=acme", "/log?what=requeue")
    found = {}
    for path in paths:
        page.goto(str(path))
        violations = Axe().run(page).response["violations"]
        grave = [
            f"{each['id']}: {node['html']}"
            for each in violations
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]
        if grave:
            found[path] = grave
    assert found == {}


def test_a_cause_is_found_fixed_and_cleared(desk: Desk) -> None:
    """By keyboard and mouse alone: the cause with its money, refused while it is there, cleared when it is gone."""
    page = desk.person("da")
    page.get_by_role("link", name="Skal rettes").click()
    expect(page.get_by_role("main")).to_contain_text("2.500,00 DKK")
    page.screenshot(path=SCREENS / "to-fix-da.png")
    page.get_by_role("link", name="Varegrupper mangler i e-conomic: 3050").click()
    page.get_by_role("button", name="Spørg e-conomic igen").click()
    page.get_by_text("årsagen er der stadig").wait_for()
    page.screenshot(path=SCREENS / "cause-da.png")

    [number] = desk.place.sandbox("GET", "state")
    desk.place.sandbox("PUT", f"agreements/{number}/product_groups/67", {"name": "3050"})
    for zone, account in ((1, 3010), (2, 3110), (3, 3210), (4, 3310)):
        desk.place.sandbox("PUT", f"agreements/{number}/sales_accounts/67-{zone}", account)
    page.get_by_role("button", name="Spørg e-conomic igen").click()
    page.get_by_text("ville gå igennem nu").wait_for()
    page.get_by_role("button", name="Sæt 2 fakturaer i kø igen").click()
    page.get_by_text("2 fakturaer er sat i kø igen").wait_for()
    desk.place.wait_for(lambda: desk.place.counts() == {"exported": 5}, "the group has gone through")

    desk.place.wait_for(lambda: _read_back(page), "e-conomic was read back")
    page.screenshot(path=SCREENS / "certificate-da.png", full_page=True)

    page.get_by_label("Faktura", exact=True).fill("510001")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Faktura 510001 eksporteret").wait_for()
    page.screenshot(path=SCREENS / "invoice-da.png", full_page=True)
    expect(page.get_by_role("main")).to_contain_text("Birthe")
    assert desk.complaints == []


def _read_back(page: Page) -> bool:
    """Whether the page shows a certificate that was read after the last invoice was exported."""
    page.goto(PERIOD)
    text = page.get_by_role("main").inner_text()
    return "ingen forskelle" in text and "en ny læsning følger" not in text
