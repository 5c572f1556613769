"""Sign-in with a password, how long a session lasts, and what no other site and no stranger can do with it."""

import html
import re
from collections.abc import MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import redis
from anyio import sleep, to_thread
from structlog.testing import capture_logs
from support import samples
from support.web_page import MISSING, Page

from config.sign_in_section import SignIn
from worker.domain.access import Role
from worker.domain.record import State
from worker.web.users import changing

PASSWORD = "a horse walks into a bar"
COOKIE = "opter-economic-session"


@pytest.fixture
def desk(redis_client: redis.Redis, redis_prefix: str, tmp_path: Path) -> Page:
    """A page with two users; nobody has signed in."""
    page = Page(redis_client, redis_prefix, folder=tmp_path)
    page.fill()
    page.add_user("Birthe", PASSWORD, main=Role.BOOKKEEPER)
    page.add_user("Viggo", "viggo has another one", every=Role.VIEWER)
    return page


def _enter(page: Page, name: str = "Birthe", password: str = PASSWORD, **headers: str) -> Any:
    return page.browser.post("/sign-in", data={"name": name, "password": password}, headers=headers)


def test_a_password_opens_a_session_with_its_persons_role(desk: Page) -> None:
    """By whatever case of the name; the history has it as the file spells it."""
    assert 'type="password"' in desk.browser.get("/sign-in").text
    assert _enter(desk, "birthe ").status_code == 303
    assert desk.form(f"/invoices/main-{MISSING}/requeue", why="made") == 303
    assert desk.harness.record(f"main-{MISSING}").history[-1].detail == "Birthe: made"
    assert _enter(desk, "Viggo", "viggo has another one").status_code == 303
    assert desk.form(f"/invoices/main-{MISSING}/requeue", why="made") == 403


@pytest.mark.parametrize(
    ("name", "password"), [("Birthe", "wrong"), ("nobody", PASSWORD), ("", ""), ("Birthe", "x" * 600)]
)
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(desk: Page, name: str, password: str) -> None:
    """Status and words: nobody learns here who is a user. Nothing that was typed is logged."""
    with capture_logs() as lines:
        answer = _enter(desk, name, password)
    assert answer.status_code == 403
    assert answer.text == _enter(desk, "Birthe", "wrong too").text
    assert COOKIE not in desk.browser.cookies
    assert not any(typed in str(lines) for typed in (name, password) if typed)


def test_guessing_is_throttled_for_a_name(desk: Page) -> None:
    """After ten tries even the right password is not looked at for a while; another name still is."""
    answers = [_enter(desk, "Birthe", f"guess {n}").status_code for n in range(12)]
    assert answers == [403] * 10 + [429] * 2
    late = _enter(desk, "BIRTHE")
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 900
    assert _enter(desk, "Viggo", "viggo has another one").status_code == 303


def test_guessing_is_throttled_for_an_address(desk: Page) -> None:
    """However many names are tried; the count outlives the page's process, as it is in the store."""
    answers = [_enter(desk, f"user{n}", "guess").status_code for n in range(52)]
    assert answers == [403] * 50 + [429] * 2


def test_the_count_of_a_name_begins_anew_with_its_owner(desk: Page) -> None:
    """Who mistypes now and then is not shut out."""
    for _ in range(3):
        assert [_enter(desk, "Birthe", "oops").status_code for _ in range(6)] == [403] * 6
        assert _enter(desk).status_code == 303


def test_a_session_ends_when_its_user_is_removed_or_changed(desk: Page) -> None:
    """At once, without a restart: with another role, another password, or gone from the file."""

    def alive() -> bool:
        return bool(desk.browser.get("/").status_code == 200)

    for change in ("role", "password", "removed"):
        _enter(desk)
        assert alive()
        if change == "removed":
            with changing(desk.users) as users:
                del users["birthe"]
        else:
            desk.add_user(
                "Birthe", PASSWORD, **({"main": Role.VIEWER} if change == "role" else {"main": Role.BOOKKEEPER})
            )
        assert (change, alive()) == (change, False)
        assert desk.browser.get("/").headers["location"] == "/sign-in"
    assert _enter(desk).status_code == 403


def test_a_file_that_others_may_write_lets_nobody_in(desk: Page) -> None:
    """Else whoever writes it could make themselves an administrator."""
    desk.users.chmod(0o666)
    assert _enter(desk).status_code == 403
    desk.users.chmod(0o600)
    assert _enter(desk).status_code == 303


def test_a_session_is_new_at_every_sign_in(desk: Page) -> None:
    """A secret that somebody foisted on the browser opens nothing, and the earlier session is over."""
    desk.browser.cookies.set(COOKIE, "foisted", domain="page.example")
    _enter(desk)
    first = desk.browser.cookies.get(COOKIE, domain="page.example")
    assert first not in {None, "foisted"}
    assert desk.sessions.lasts("foisted") is None
    desk.browser.cookies.clear()
    desk.browser.cookies.set(COOKIE, str(first), domain="page.example")
    _enter(desk)
    assert desk.browser.cookies.get(COOKIE, domain="page.example") != first
    assert desk.sessions.lasts(str(first)) is None


def test_a_session_ends_without_being_used_and_in_any_case(redis_client: redis.Redis, redis_prefix: str) -> None:
    """Redis forgets by itself: what was last asked for counts, and the sign-in."""
    page = Page(redis_client, redis_prefix, session_hours=2, idle_minutes=30)
    page.sign_in()
    [whole], [idle] = (list(redis_client.scan_iter(f"{redis_prefix}web-{kind}:*")) for kind in ("signed-in", "seen"))
    redis_client.expire(whole, 4000)
    redis_client.expire(idle, 500)
    assert page.browser.get("/").status_code == 200
    assert 500 < redis_client.ttl(idle) <= 1800
    assert redis_client.ttl(whole) <= 4000
    redis_client.delete(idle)
    assert page.browser.get("/").status_code == 303
    page.sign_in()
    [other] = redis_client.scan_iter(f"{redis_prefix}web-seen:*")
    assert other != idle
    redis_client.delete(*redis_client.scan_iter(f"{redis_prefix}web-signed-in:*"))
    assert page.browser.get("/").status_code == 303


def test_a_live_page_tells_nothing_more_to_who_has_lost_their_role(desk: Page) -> None:
    """It ends at its next look, although its period goes on."""
    desk.harness.close_period(samples.invoice(invoice_number=200_001), event="/opter/acme/1#e9", number=882)
    _enter(desk)
    cookie = f"{COOKIE}={desk.browser.cookies[COOKIE]}".encode()
    headers = [(b"host", b"page.example"), (b"cookie", cookie)]
    path = "/periods/main-p882/live"
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    told = ""

    async def hear(message: MutableMapping[str, Any]) -> None:
        nonlocal told
        told += message.get("body", b"").decode()
        if "event: progress" in told:
            await to_thread.run_sync(lambda: desk.add_user("Birthe", PASSWORD, main=Role.VIEWER))

    async def listen() -> None:
        await desk.app(scope, partial(sleep, 3600), hear)  # type: ignore[arg-type]  # the browser says nothing

    anyio.run(listen)
    assert [line for line in told.split("\n") if line.startswith("event")] == ["event: progress", "event: rest"]


def test_a_page_that_looks_by_itself_keeps_nobody_signed_in(
    desk: Page, redis_client: redis.Redis, redis_prefix: str
) -> None:
    """And learns nothing more once its person has signed out."""
    _enter(desk)
    [idle] = redis_client.scan_iter(f"{redis_prefix}web-seen:*")
    redis_client.expire(idle, 500)
    secret = desk.browser.cookies[COOKIE]
    assert desk.sessions.lasts(secret)
    assert redis_client.ttl(idle) <= 500
    desk.form("/sign-out")
    assert desk.sessions.lasts(secret) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://page.example"}, 303),
        ({"origin": "http://page.example:8470"}, 303),
    ],
)
def test_another_sites_form_signs_nobody_in_and_does_nothing(desk: Page, headers: dict[str, str], status: int) -> None:
    """Not even with the right password or the right token: a browser says where a form comes from."""
    assert _enter(desk, **headers).status_code == status
    desk.browser.cookies.clear()
    _enter(desk)
    form = {"form_token": desk.form_token(), "why": "x"}
    answer = desk.browser.post(f"/invoices/main-{MISSING}/requeue", data=form, headers=headers)
    assert answer.status_code == status
    moved = desk.harness.record(f"main-{MISSING}").state is not State.DEAD
    assert moved is (status == 303)


def test_the_page_that_was_asked_for_comes_after_signing_in(desk: Page) -> None:
    """It is in no address, so that no other site learns an invoice's id."""
    assert desk.browser.get("/periods/main-p881?state=dead").headers["location"] == "/sign-in"
    assert _enter(desk).headers["location"] == "/periods/main-p881?state=dead"
    desk.browser.cookies.clear()
    desk.browser.get("/exports/main/granted?token=secret")
    assert _enter(desk).headers["location"] == "/exports/main/granted"
    desk.browser.cookies.clear()
    assert _enter(desk).headers["location"] == "/"


@pytest.mark.parametrize("headers", [{"accept": "text/event-stream"}, {"sec-fetch-mode": "cors"}])
def test_what_a_page_looks_for_by_itself_is_not_come_back_to(desk: Page, headers: dict[str, str]) -> None:
    """A page that was left open goes on looking after its session is over; nobody wants to see that."""
    desk.browser.get("/periods/main-p881")
    assert desk.browser.get("/periods/main-p881/live", headers=headers).headers["location"] == "/sign-in"
    assert _enter(desk).headers["location"] == "/periods/main-p881"


@pytest.mark.parametrize(
    "then",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/" + "x" * 2000,
    ],
)
def test_signing_in_leads_to_no_other_site(desk: Page, then: str) -> None:
    """Whatever a cookie or an address says: a path of ours, or the first page."""
    desk.browser.cookies.set("opter-economic-next", then, domain="page.example")
    answer = desk.browser.post(f"/sign-in?next={then}", data={"name": "Birthe", "password": PASSWORD})
    assert answer.headers["location"] == "/"


def test_a_link_in_a_mail_leads_to_its_page(desk: Page) -> None:
    """The strict cookie does not come with a visit from another site; a page of ours asks again, and leads there."""
    _enter(desk)
    cookie = desk.browser.cookies[COOKIE]
    desk.browser.cookies.clear()
    path = "/periods/main-p881?q=a%22%3E%3Cscript%3E&state=dead"
    answer = desk.browser.get(path, headers={"sec-fetch-site": "cross-site"})
    [target] = re.findall(r'content="0; url=([^"]*)"', answer.text)
    assert (answer.status_code, html.unescape(target)) == (200, path)
    desk.browser.cookies.set(COOKIE, cookie, domain="page.example")
    assert desk.browser.get(path, headers={"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("tls", [False, True])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    redis_client: redis.Redis, redis_prefix: str, *, tls: bool
) -> None:
    """HttpOnly and Strict always, Secure and HSTS behind TLS."""
    page = Page(redis_client, redis_prefix, behind_tls=tls)
    link = page.sessions.make_link("Birthe", seconds=60)
    answer = page.browser.post("/sign-in", data={"link": link})
    [cookie] = [each for each in answer.headers.get_list("set-cookie") if each.startswith(COOKIE)]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ("Secure" in cookie) is tls
    assert ("strict-transport-security" in answer.headers) is tls


class TestProxy:
    """A proxy before the page that names who has signed in there."""

    @pytest.fixture
    def behind(self, redis_client: redis.Redis, redis_prefix: str, tmp_path: Path) -> Page:
        sign_in = SignIn(proxy_addresses=("10.0.0.0/24",), proxy_user_header="X-Remote-User")
        page = Page(redis_client, redis_prefix, folder=tmp_path, sign_in=sign_in, peer="10.0.0.7")
        page.fill()
        page.add_user("Birthe", "", main=Role.BOOKKEEPER)
        return page

    def test_its_word_signs_a_known_person_in(self, behind: Page) -> None:
        """With the role of the users file; without a password there is no other way in."""
        as_birthe = {"X-Remote-User": "birthe"}
        assert behind.browser.get("/sign-in", headers=as_birthe).status_code == 303
        assert "Birthe" in behind.browser.get("/", headers=as_birthe).text
        assert _enter(behind, "Birthe", "").status_code == 403

    def test_its_word_counts_with_every_request(self, behind: Page) -> None:
        """Without it, with another name, or with two, the session is over."""
        for headers in ({}, {"X-Remote-User": "Carl"}, [("X-Remote-User", "Birthe"), ("X-Remote-User", "Carl")]):
            behind.browser.get("/sign-in", headers={"X-Remote-User": "Birthe"})
            assert behind.browser.get("/", headers={"X-Remote-User": "Birthe"}).status_code == 200
            assert behind.browser.get("/", headers=headers).status_code == 303

    @pytest.mark.parametrize("name", ["Carl", "", "Birthe\u202e"])
    def test_an_unknown_person_is_not_let_in(self, behind: Page, name: str) -> None:
        """The proxy says who somebody is, not that they have a role."""
        assert behind.browser.get("/sign-in", headers={"X-Remote-User": name.encode()}).status_code == 200

    def test_the_header_of_anybody_else_is_not_believed(
        self, redis_client: redis.Redis, redis_prefix: str, tmp_path: Path
    ) -> None:
        """Neither from another address, nor by default from any, whatever ``X-Forwarded-For`` says."""
        believed = SignIn(proxy_addresses=("10.0.0.0/24",), proxy_user_header="X-Remote-User")
        for sign_in, peer in ((believed, "10.0.1.7"), (SignIn(), "10.0.0.7"), (SignIn(), "127.0.0.1")):
            page = Page(redis_client, redis_prefix, folder=tmp_path, sign_in=sign_in, peer=peer)
            page.add_user("Birthe", "", every=Role.ADMINISTRATOR)
            headers = {"X-Remote-User": "Birthe", "X-Forwarded-For": "10.0.0.7"}
            assert page.browser.get("/sign-in", headers=headers).status_code == 200

    def test_groups_give_roles(self, redis_client: redis.Redis, redis_prefix: str, tmp_path: Path) -> None:
        """As the setting maps them; in no group, no role, and with other groups the session is over."""
        sign_in = SignIn(
            proxy_addresses=("10.0.0.7",),
            proxy_user_header="X-Remote-User",
            proxy_groups_header="X-Remote-Groups",
            role_map=("Finance=bookkeeper@main", "IT=operator"),
        )
        page = Page(redis_client, redis_prefix, folder=tmp_path, sign_in=sign_in, peer="10.0.0.7")
        page.fill()
        named = {"X-Remote-User": "Karin"}
        assert page.browser.get("/sign-in", headers=named | {"X-Remote-Groups": "Sales"}).status_code == 403
        finance = named | {"X-Remote-Groups": "Sales, Finance"}
        assert page.browser.get("/sign-in", headers=finance).status_code == 303
        assert page.browser.get("/periods/main-p881", headers=finance).status_code == 200
        assert page.browser.get("/", headers=named | {"X-Remote-Groups": "IT"}).status_code == 303

    def test_tries_are_counted_by_the_browsers_address(self, behind: Page) -> None:
        """The last one before the trusted proxies; what stands left of it was written by anybody."""
        for n in range(50):
            spoofed = {"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.9, 10.0.0.8"}
            assert _enter(behind, f"user{n}", "x", **spoofed).status_code == 403
        assert _enter(behind, "next", "x", **{"X-Forwarded-For": "198.51.100.9"}).status_code == 429
        assert _enter(behind, "next", "x", **{"X-Forwarded-For": "198.51.100.10"}).status_code == 403
