"""Every way to sign in, in a real browser: its rules for cookies between sites are no affair of a test client."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page
from support.installation import PATIENCE, Installation
from support.openid_provider import CLIENT, SECRET, Provider
from support.ports import free_port

PASSWORD = "a horse walks into a bar"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """On another site than the page: that is ``localhost``, this one ``127.0.0.1``."""
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[str]:
    """A page with a user of its own and a provider."""
    folder, port = tmp_path_factory.mktemp("sign-in"), free_port()
    (folder / "secret").write_text(SECRET)
    settings = {
        "web__port": str(port),
        "sign_in__users_file": str(folder / "users.json"),
        "sign_in__openid_discovery": provider.url,
        "sign_in__openid_client_id": CLIENT,
        "sign_in__openid_secret_file": str(folder / "secret"),
        "sign_in__role_map": "Finance=viewer",
    }
    with Installation(folder, **settings) as place:
        add = [sys.executable, "-P", "-m", "worker", "user", "add", "Birthe", "--role", "bookkeeper"]
        subprocess.run(add, env=place.environment, cwd=folder, input=f"{PASSWORD}\n", text=True, check=True)
        place.start("web", "web")
        place.wait_for(lambda: _answers(port), "the page answers")
        yield f"http://localhost:{port}"


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A browser that nobody has signed in with, and without JavaScript: no step may need it."""
    context = browser.new_context(base_url=url, locale="en", java_script_enabled=False)
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()


def _with_password(page: Page) -> None:
    page.get_by_label("Name").fill("Birthe")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_a_password_leads_to_the_page_that_was_asked_for(page: Page) -> None:
    """And sign-out ends it."""
    page.goto("/to-fix")
    _with_password(page)
    page.wait_for_url("**/to-fix")
    assert "Birthe" in page.get_by_role("banner").inner_text()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto("/to-fix")
    page.wait_for_url("**/sign-in")


def test_a_link_on_another_site_leads_to_its_page(page: Page, url: str) -> None:
    """As in a mail: the strict cookie does not come with the click, and still nobody has to sign in again."""
    page.goto("/")
    _with_password(page)
    page.get_by_role("heading", name="Periods").wait_for()
    link = f'<a href="{url}/to-fix">Look</a>'
    page.route("http://mail.example/", lambda route: route.fulfill(body=link, content_type="text/html"))
    page.goto("http://mail.example/")
    page.get_by_role("link", name="Look").click()
    page.get_by_role("heading", name="To fix").wait_for()
    assert page.url == f"{url}/to-fix"


def test_a_form_on_another_site_does_nothing(page: Page, url: str) -> None:
    """Not even sign-out."""
    page.goto("/")
    _with_password(page)
    page.get_by_role("heading", name="Periods").wait_for()
    form = f'<form action="{url}/sign-out" method="post"><button>Win</button></form>'
    page.route("http://mail.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://mail.example/")
    page.get_by_role("button", name="Win").click()
    page.wait_for_url(lambda address: not address.startswith("http://mail.example"))
    page.goto("/")
    page.get_by_role("heading", name="Periods").wait_for()


def test_a_provider_on_another_site_signs_a_person_in(page: Page, provider: Provider, url: str) -> None:
    """There and back, to the page that was asked for, with the role of the group."""
    page.goto(f"/?q={quote('november æøå')}")
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.get_by_role("heading", name="Periods").wait_for()
    assert provider.person["email"] in page.get_by_role("banner").inner_text()
    assert page.url == f"{url}/?q={quote('november æøå')}"
