"""Sign-in at an OpenID Connect provider, over HTTP: who comes back, and everything that must not count."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from structlog.testing import capture_logs
from support.openid_provider import CLIENT, SECRET, Provider, unsigned
from support.web_page import MISSING, Page

from config.sign_in_section import SignIn
from worker.web.pages.openid_sign_in import OPENID_COOKIE

SESSION = "opter-economic-session"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def desk(redis_client: redis.Redis, redis_prefix: str, tmp_path: Path, provider: Provider) -> Page:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    settings = SignIn(
        openid_discovery=provider.url,
        openid_client_id=CLIENT,
        openid_secret_file=Path("secret"),
        role_map=("Finance=bookkeeper@main", "IT=operator"),
    )
    page = Page(redis_client, redis_prefix, folder=tmp_path, sign_in=settings)
    page.fill()
    provider.clock = page.harness.clock
    return page


def _depart(page: Page) -> str:
    answer = page.browser.get("/sign-in/openid")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def _come_back(page: Page, provider: Provider) -> Any:
    return page.browser.get(provider.authorize(_depart(page)), headers={"sec-fetch-site": "cross-site"})


def test_a_person_of_a_group_comes_back_with_its_role(desk: Page, provider: Provider) -> None:
    """To the page that they had asked for, by a page of ours; the address of the history is the provider's word."""
    assert 'href="/sign-in/openid"' in desk.browser.get("/sign-in").text
    desk.browser.get("/periods/main-p881?state=dead")
    answer = _come_back(desk, provider)
    assert 'content="0; url=/periods/main-p881?state=dead"' in answer.text
    assert desk.form(f"/invoices/main-{MISSING}/requeue", why="made") == 303
    assert desk.harness.record(f"main-{MISSING}").history[-1].detail == "birthe@example.dk: made"
    assert desk.browser.get("/invoices/other-1").status_code == 404
    assert len([path for path in provider.asked if path == "/keys"]) == 1


def test_what_is_asked_of_the_provider_is_new_each_time(desk: Page) -> None:
    """State, nonce and challenge; the secret and the verifier stand in no address."""
    first, second = (parse_qs(urlsplit(_depart(desk)).query) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    assert first["redirect_uri"] == ["http://page.example/sign-in/openid/back"]
    assert not {"client_secret", "code_verifier"} & first.keys()


def test_a_way_back_counts_once_and_for_the_browser_that_left(desk: Page, provider: Provider) -> None:
    """Another browser with the same address, a second use, or another state: nobody is signed in."""
    back = provider.authorize(_depart(desk))
    kept = desk.browser.cookies[OPENID_COOKIE]
    desk.browser.cookies.clear()
    assert desk.browser.get(back).status_code == 403
    desk.browser.cookies.set(OPENID_COOKIE, kept, domain="page.example", path="/sign-in/openid/back")
    assert desk.browser.get(back.replace("state=", "state=x")).status_code == 403
    desk.browser.cookies.set(OPENID_COOKIE, kept, domain="page.example", path="/sign-in/openid/back")
    assert desk.browser.get(back).status_code == 403
    assert SESSION not in desk.browser.cookies
    assert _come_back(desk, provider).status_code == 200
    assert desk.browser.get(back).status_code == 403


def _by_another_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(header, claims, RSAKey.generate_key(2048))


def _by_the_secret(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(header | {"alg": "HS256"}, claims, OctKey.import_key(SECRET), ["HS256"])


FAULTS: list[dict[str, Any]] = [
    {"claims": {"iss": "https://evil.example"}},
    {"claims": {"aud": "another page"}},
    {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
    {"claims": {"nonce": "of another"}},
    {"claims": {"nonce": None}},
    {"claims": {"exp": -61}},
    {"claims": {"exp": None}},
    {"claims": {"iat": 3600}},
    {"claims": {"sub": None}},
    {"claims": {"email_verified": False}},
    {"claims": {"email": "a\u202eb@example.dk"}},
    {"claims": {"email": None}},
    {"claims": {"email": ["birthe@example.dk"]}},
    {"claims": {"groups": []}},
    {"claims": {"groups": {"Finance": True}}},
    {"claims": {"groups": None}},
    {"sign": unsigned},
    {"sign": _by_another_key},
    {"sign": _by_the_secret},
    {"sign": lambda *_: "no token"},
    {"header": {"kid": "never"}},
    {"metadata": {"issuer": "https://evil.example"}},
    {"metadata": {"token_endpoint": "http://evil.example/token"}},
    {"metadata": {"jwks_uri": None}},
]


def test_what_the_provider_did_not_say_signs_nobody_in(desk: Page, provider: Provider) -> None:
    """Signed by another, for another, too old, of another sign-in, unnamed, or without a role."""
    right = {name: getattr(provider, name) for name in ("claims", "header", "metadata", "sign")}
    for fault in FAULTS:
        for name, value in (right | fault).items():
            setattr(provider, name, value)
        desk.harness.clock.advance(3601)  # what it says of itself is read anew
        with capture_logs() as lines:
            answer = desk.browser.get("/sign-in/openid")
            if answer.status_code == 303:
                answer = desk.browser.get(provider.authorize(answer.headers["location"]))
        assert (fault, answer.status_code) == (fault, 403)
        assert SESSION not in desk.browser.cookies
        assert [line["event"] for line in lines] == ["openid_sign_in_failed"], fault
        assert not any(word in str(lines) for word in ("birthe", SECRET, "eyJ", "code-"))


def test_a_provider_that_has_changed_its_keys_is_asked_again(desk: Page, provider: Provider) -> None:
    """Once, when a key has a name that is not known."""
    _come_back(desk, provider)
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    provider.published, provider.header = [provider.key], {"kid": "two"}
    desk.browser.cookies.clear()
    assert _come_back(desk, provider).status_code == 200
    assert SESSION in desk.browser.cookies


def test_groups_may_come_from_the_userinfo_address(desk: Page, provider: Provider) -> None:
    """Of the same person; what is said of another one does not count."""
    provider.person = {"sub": "s-1"}
    provider.metadata = {"userinfo_endpoint": f"{provider.url}/userinfo"}
    for sub, status in (("s-2", 403), ("s-1", 200)):
        provider.userinfo = {"sub": sub, "email": "carl@example.dk", "groups": "IT"}
        assert _come_back(desk, provider).status_code == status
    assert "carl@example.dk" in desk.browser.get("/").text


def test_a_refusal_of_the_provider_is_said_without_its_words(desk: Page) -> None:
    """The error's code is logged when it is one; markup in it is not repeated."""
    for error, logged in (("access_denied", "provider-access_denied"), ("<script>", "no-code")):
        state = parse_qs(urlsplit(_depart(desk)).query)["state"][0]
        with capture_logs() as lines:
            answer = desk.browser.get(f"/sign-in/openid/back?state={state}&error={error}")
        assert answer.status_code == 403
        assert error not in answer.text
        assert [line["why"] for line in lines] == [logged]


def test_a_provider_that_is_away_is_said_so(desk: Page, provider: Provider) -> None:
    """Nobody is signed in, and no fault of this program is shown."""
    back = provider.authorize(_depart(desk))
    provider.codes.clear()
    assert desk.browser.get(back).status_code == 403


def test_another_map_of_roles_ends_the_sessions(
    desk: Page, provider: Provider, redis_client: redis.Redis, redis_prefix: str, tmp_path: Path
) -> None:
    """What a session rests on is no longer so after the restart with the new setting."""
    _come_back(desk, provider)
    cookie = desk.browser.cookies[SESSION]
    for role_map, status in ((desk.services.sign_in.role_map, 200), (("Finance=viewer@main",), 303)):
        settings = desk.services.sign_in.model_copy(update={"role_map": role_map})
        page = Page(redis_client, redis_prefix, folder=tmp_path, sign_in=settings)
        page.browser.cookies.set(SESSION, cookie, domain="page.example")
        assert page.browser.get("/").status_code == status


def test_without_a_provider_there_is_no_such_way(redis_client: redis.Redis, redis_prefix: str) -> None:
    """The page does not offer it; its address is taken for a link that nobody gave out."""
    page = Page(redis_client, redis_prefix)
    assert "openid" not in page.browser.get("/sign-in").text
    assert page.browser.get("/sign-in/openid/back").status_code == 404
