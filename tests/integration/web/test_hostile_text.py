"""Texts of others on every page: markup, text that reads backwards, control characters; and what logs never hold."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
import redis
from starlette.routing import Route
from structlog.testing import capture_logs
from support import samples
from support.web_page import MISSING, Page, customer

from config.sign_in_section import SignIn
from worker.domain.access import EVERY, Role
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.queue import DeadEvent, digest, envelope
from worker.web.guard import PageRoute

SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = "\" autofocus onfocus='alert(1)' x=\""
TEMPLATE = "{{ 7 * 7 }}{% raw %}"
BACKWARDS = "Acme \u202eSPA\u202c \u2066x\u2069"
CONTROLS = "Acme\u0085\u200b\ufeffA/S"
NAMES = (SCRIPT, ATTRIBUTE, TEMPLATE, BACKWARDS, CONTROLS)


class Elements(HTMLParser):
    """Elements and texts of a page as a browser takes them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        #: Texts that stand in no element which isolates their direction.
        self.not_isolated: list[str] = []
        self._isolated = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._isolated += tag == "bdi"

    def handle_endtag(self, tag: str) -> None:
        self._isolated -= tag == "bdi"

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())
        if not self._isolated:
            self.not_isolated.append(data.strip())


@pytest.fixture
def desk(redis_client: redis.Redis, redis_prefix: str) -> Page:
    """Failed invoices and refused events with every hostile text, a request about them, and an administrator."""
    page = Page(redis_client, redis_prefix, sign_in=SignIn(four_eyes=("DKK 1",)))
    invoices = [
        samples.invoice(samples.line(account="3050", text=name), invoice_number=MISSING + n, customer=customer(name))
        for n, name in enumerate(NAMES)
    ]
    page.harness.close_period(*invoices)
    page.harness.close_period(
        samples.invoice(samples.line("77.00", text=SCRIPT), invoice_number=MISSING, customer=customer(BACKWARDS)),
        event=f"/opter/acme/1#{ATTRIBUTE}",
    )
    page.harness.until_rest()
    problem = Problem(reason=EventReason.EVENT_UNREADABLE, description=f"{SCRIPT}{BACKWARDS}", field=ATTRIBUTE)
    for raw in (b"{", SCRIPT.encode()):
        refused = DeadEvent(id=digest(raw), bytes=1, at=1.0, problems=(problem,), export=SCRIPT, period=ATTRIBUTE)
        page.events.dead_letter(raw, envelope(refused))
    page.sign_in({EVERY: Role.ADMINISTRATOR}, "Birthe")
    assert page.form(page.cause() + "/requeue", set=page.set_digest(), why=SCRIPT + ATTRIBUTE) == 202
    return page


def _addresses(page: Page) -> list[str]:
    approval = page.services.approvals.approvals()[0].asked.id
    ids: dict[str, Any] = {
        "period": "main-p881",
        "invoice": f"main-{MISSING}",
        "event": digest(b"{"),
        "group": page.cause().removeprefix("/to-fix/"),
        "approval": approval,
    }
    routes = [route for route in page.app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    paths = [route.path.format_map({name: ids.get(name, "x") for name in _names(route)}) for route in routes]
    sought = ["/", "/invoices", "/periods/main-p881", "/sign-in", "/to-fix", "/approvals", "/nothing"]
    return [*paths, *(f"{path}?q={SCRIPT}&state={SCRIPT}&reason={ATTRIBUTE}&page={SCRIPT}" for path in sought)]


def _names(route: Route) -> list[str]:
    return re.findall(r"\{(\w+)", route.path)


def test_no_text_of_others_becomes_a_part_of_a_page(desk: Page) -> None:
    """On every address: no element, no attribute, no template; the page's own scripts are the only ones."""
    seen = ""
    for path in _addresses(desk):
        answer = desk.browser.get(path)
        if "html" not in answer.headers.get("content-type", ""):
            continue
        seen += answer.text
        elements = Elements(answer.text)
        assert [found for tag, found in elements.found if tag == "script"] == [
            {"type": "module", "src": "/static/live.js"}
        ]
        assert not [name for _, found in elements.found for name in found if name.startswith(("on", "autofocus"))], path
        assert "49" not in elements.texts, path
    assert "&lt;script&gt;" in seen
    assert "{{ 7 * 7 }}" in seen


def test_a_name_that_reads_backwards_turns_nothing_else_around(desk: Page) -> None:
    """Wherever such a text stands, on every page, it is isolated from the words beside it."""
    turned = []
    for path in _addresses(desk):
        answer = desk.browser.get(path)
        if "html" in answer.headers.get("content-type", ""):
            turned += [(path, text) for text in Elements(answer.text).not_isolated if "\u202e" in text]
    assert turned == []


def test_downloads_are_files_and_never_pages(desk: Page) -> None:
    """A browser saves them, and takes them for nothing else."""
    for path in ("/periods/main-p881/invoices.csv", f"/events/{digest(SCRIPT.encode())}/download"):
        headers = desk.browser.get(path).headers
        assert headers["content-disposition"].startswith("attachment")
        assert headers["x-content-type-options"] == "nosniff"
        assert "html" not in headers["content-type"]


@pytest.mark.parametrize("host", ["evil.example", "page.example.evil.example", "page.example@evil.example", ""])
def test_another_hosts_name_gets_no_page(desk: Page, host: str) -> None:
    """Not one that begins like ours, either; so none of it stands in a link or a way back from a provider."""
    for path in ("/", "/sign-in", "/sign-in/openid", "/healthz"):
        assert desk.browser.get(path, headers={"host": host}).status_code == 400, path


def test_logs_and_addresses_hold_no_customer_and_no_token(desk: Page) -> None:
    """A whole walk over the page and its forms: ids alone."""
    secret, token = desk.browser.cookies["opter-economic-session"], desk.form_token()
    with capture_logs() as lines:
        answers = [desk.browser.get(path) for path in _addresses(desk)]
        link = desk.sessions.make_link("Carl", seconds=60)
        desk.browser.post("/sign-in", data={"link": link})
        answers.append(desk.browser.post(f"/invoices/main-{MISSING}/requeue", data={"form_token": token, "why": "x"}))
    places = [answer.headers.get("location", "") for answer in answers]
    links = [each for answer in answers for each in re.findall(r'(?:href|action|src)="([^"]*)"', answer.text)]
    for hidden in (secret, token, link, "alert", "Acme"):
        assert hidden not in str(lines)
        assert not [each for each in places + links if hidden in each and "q=" not in each], hidden


def test_every_form_of_the_page_carries_its_token(desk: Page) -> None:
    """Whoever adds a form cannot forget it; signing in has none yet."""
    for path in _addresses(desk):
        answer = desk.browser.get(path)
        for form in re.findall(r'<form[^>]*method="post".*?</form>', answer.text, re.DOTALL):
            assert f'name="form_token" value="{desk.form_token()}"' in form or 'action="/sign-in"' in form, path
    assert [route for route in desk.app.routes if isinstance(route, PageRoute)]
