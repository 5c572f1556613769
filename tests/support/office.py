"""An office with a whole period on its desk: 2,000 invoices, six causes, people of every role with browsers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response
from support.installation import PATIENCE, Installation, event
from support.ports import free_port
from support.samples import customer, invoice, line

from worker.domain.access import Role
from worker.domain.invoice import Customer, Invoice, PaymentCondition
from worker.sandbox.seed_customers import customers
from worker.web.language import translations

SCREENS = Path("build/screens")
PERIOD = "/periods/main-p881"
PASSWORD = "a horse walks into a bar"
#: Who works here.
PEOPLE = {
    Role.VIEWER: "Viggo",
    Role.BOOKKEEPER: "Birthe",
    Role.OPERATOR: "Ole",
    Role.ADMINISTRATOR: "Agnete",
}
#: How many invoices fail for each cause; the rest of the period goes through.
INVOICES = int(os.environ.get("OFFICE_INVOICES", "2000"))
FAILING = {
    "product-group-missing": 180,
    "customer-barred": 120,
    "accounting-period-closed": 40,
    "customer-ambiguous": 30,
    "totals-mismatch": 20,
    "payment-terms-missing": 10,
}
FIRST = 500_001
BARRED, AMBIGUOUS = 1002, "99000643"
#: Widths of a screen and of a phone.
SCREEN, PHONE = 1280, 390
#: Of the export: connected on the page, so that its token is in a file.
_EXPORT = """
app_public_token = "demo"
grant_url = "{url}/requestaccess.aspx"
grant_token_file = "{folder}/grant"
"""


class Office(Installation):
    """An installation at rest with failures, its page, and people with browsers."""

    def __init__(self, folder: Path, browser: Browser) -> None:
        web = free_port()
        settings = {
            "web__port": str(web),
            "sign_in__users_file": str(folder / "users.json"),
            # So high that nothing here needs it: it only adds its page.
            "sign_in__four_eyes": "DKK 100000000",
        }
        super().__init__(folder, exports=None, **settings)
        self._exports = {"main": _EXPORT.format(url=self.url, folder=folder)}
        (folder / "grant").write_text(self.grant("main"))
        self.page = f"http://127.0.0.1:{web}"
        self._browser = browser
        #: What browsers complained about on their consoles, and answers that were a fault of ours.
        self.complaints: list[str] = []

    def open(self) -> None:
        """Start everything, let the period come, and wait until it rests."""
        for role, name in PEOPLE.items():
            self.give(name, role)
        for process in ("intake", "worker", "web"):
            self.start(process, process)
        [self.number] = self.sandbox("GET", "state")
        self.sandbox("PUT", f"agreements/{self.number}/customers/{BARRED}", {"barred": True})
        self.close_october(closed=True)
        self.push(event(*period()))
        self.wait_for(self.answers, "the page answers")
        dead = sum(FAILING.values())
        at_rest = {"exported": INVOICES - dead, "dead": dead}
        self.wait_for(lambda: self.counts() == at_rest, "the period rests", seconds=600)

    def give(self, name: str, role: Role) -> None:
        """Add a person who signs in with the password."""
        command = [sys.executable, "-P", "-m", "worker", "user", "add", name, "--role", role, "--by", "carl"]
        subprocess.run(command, env=self.environment, cwd=self.folder, input=f"{PASSWORD}\n", text=True, check=True)

    def answers(self) -> bool:
        """Tell whether the page is there."""
        try:
            return httpx.get(f"{self.page}/healthz", timeout=PATIENCE).is_success
        except httpx.TransportError:
            return False

    def close_october(self, *, closed: bool) -> None:
        """Close the month in e-conomic, or open it again."""
        years = self.sandbox("GET", "state")[self.number]["years"]["2026"]["periods"]
        changed = [month | {"closed": closed} if month["periodNumber"] == 10 else month for month in years]  # October
        self.sandbox("PUT", f"agreements/{self.number}/years/2026", {"periods": changed})

    def add_product_group(self, name: str) -> None:
        """Do in e-conomic what the remedy of a missing product group says."""
        for zone, account in ((1, 3010), (2, 3110), (3, 3210), (4, 3310)):
            self.sandbox("PUT", f"agreements/{self.number}/sales_accounts/67-{zone}", account)
        self.sandbox("PUT", f"agreements/{self.number}/product_groups/67", {"name": name})

    def visitor(self, language: str, *, width: int = SCREEN, script: bool = True, dark: bool = False) -> Page:
        """Return the browser of somebody who has not signed in."""
        context: BrowserContext = self._browser.new_context(
            base_url=self.page,
            locale={"da": "da-DK", "en": "en-GB"}[language],
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("response", self._look_at)
        return page

    def _note(self, text: str) -> None:
        # A browser writes refusals that a test asks for to its console, too: those are looked at as answers.
        if "Failed to load resource" not in text:
            self.complaints.append(text)

    def _look_at(self, answer: Response) -> None:
        if answer.status >= 500:  # the server's fault
            self.complaints.append(f"{answer.status} {answer.url}")

    def person(self, role: Role, language: str, *, script: bool = True, dark: bool = False) -> Page:
        """Return the browser of a person who has signed in."""
        page, say = self.visitor(language, script=script, dark=dark), words(language)
        page.goto("/")
        page.get_by_label(say("Name")).fill(PEOPLE[role])
        page.get_by_label(say("Password")).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name=say("Sign in")).click()
        page.get_by_role("heading", level=1, name=say("Periods")).wait_for()
        return page


def words(language: str) -> Callable[..., str]:
    """Return what says a phrase of the page in a language, with its values."""
    catalogue = translations(language)

    def say(phrase: str, **values: Any) -> str:
        text = catalogue.gettext(phrase)
        return text % values if values else text

    return say


def period() -> Iterator[Invoice]:
    """Yield the invoices of the period, those that fail among the others."""
    known = [_known(number, body["name"]) for number, body in customers() if 1003 <= number < 1043]  # forty of them
    failing = [reason for reason, count in FAILING.items() for _ in range(count)]
    every = INVOICES // len(failing)
    for n in range(INVOICES):
        reason = failing[n // every] if n % every == 0 and n // every < len(failing) else ""
        yield _invoice(FIRST + n, known[n % len(known)], reason, n)


def _known(number: int, name: str) -> Customer:
    return customer(code=f"K{number}", ledger_number=number, name=name, corporate_id=None)


def _invoice(number: int, buyer: Customer, reason: str, n: int) -> Invoice:
    net, fields = f"{500 + 7 * n % 4000}.00", {"invoice_number": number, "customer": buyer}
    if reason == "product-group-missing":
        return invoice(line(net, account="3050"), **fields)
    if reason == "totals-mismatch":
        return invoice(line("300.30", vat="75.09"), **fields)
    changes: dict[str, dict[str, Any]] = {
        "customer-barred": {"customer": _known(BARRED, "Bjergby Tømrerfirma ApS")},
        "accounting-period-closed": {"invoice_date": date(2026, 10, 30)},
        "customer-ambiguous": {
            "customer": customer(code="K1059", ledger_number=None, name="Lindholm Handel A/S", corporate_id=AMBIGUOUS)
        },
        "payment-terms-missing": {"payment_condition": PaymentCondition(name="45 dage", days=45)},
    }
    return invoice(line(net), **fields | changes.get(reason, {}))


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page as a phone and as a screen shows it: the beginning of a long one."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for width, height in ((PHONE, 1600), (SCREEN, 1000)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=SCREENS / f"{name}-{width}.png")


def grave(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical on a page (WCAG 2 A and AA, contrast included)."""
    return [
        f"{each['id']}: {node['html']}"
        for each in Axe().run(page).response["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
