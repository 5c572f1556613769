"""An export connected to an agreement on the page, with the sandbox's grant page."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis
from support.harness import EXPORT
from support.listening import listening
from support.web_page import Page

from worker.domain.access import Role
from worker.domain.action_log import LogFilter
from worker.domain.reasons import failure
from worker.economic.reasons import EconomicReason
from worker.runtime.connecting import TAKEN_IN
from worker.sandbox.app import create_app
from worker.sandbox.resources import ROUTES
from worker.sandbox.server import DEFAULT_TOKENS, standard_agreements

FILE = """
[exports.main]
app_secret_token_env = "SECRET"
grant_token_{kind} = "{name}"
app_public_token = "demo"
api_url = "{url}"
openapi_url = "{url}"
grant_url = "{url}/requestaccess.aspx"
customers = {{ group = 1, layout = 19 }}
"""


@pytest.fixture
def address() -> Iterator[str]:
    with listening(create_app(standard_agreements(), ROUTES, clock=time.time)) as url:
        yield url


@pytest.fixture
def page(redis_client: redis.Redis, redis_prefix: str, tmp_path: Path, address: str) -> Page:
    (tmp_path / "exports.toml").write_text(FILE.format(kind="file", name="grant", url=address))
    page = Page(redis_client, redis_prefix, folder=tmp_path)
    live = EXPORT.model_copy(update={"app_public_token": "demo", "grant_url": f"{address}/requestaccess.aspx"})
    page.services.exports["main"] = live  # type: ignore[index]  # the live exports, taken in anew
    page.sign_in()
    return page


def granted(address: str, number: int, back: str = "") -> httpx.Response:
    """Grant the app access to an agreement, as a person does on the grant page."""
    query = {"appPublicToken": "demo", "locale": "da-DK", **({"redirectUrl": back} if back else {})}
    shown = httpx.get(f"{address}/requestaccess.aspx", params=query)
    assert "Giv adgang" in shown.text
    return httpx.post(f"{address}/requestaccess.aspx", params=query, data={"agreement": str(number)})


def number_of(address: str) -> int:
    headers = dict(zip(("X-AppSecretToken", "X-AgreementGrantToken"), DEFAULT_TOKENS, strict=True))
    return int(httpx.get(f"{address}/self", headers=headers).json()["agreementNumber"])


def test_a_token_is_stored_once_a_person_has_seen_what_it_opens(page: Page, tmp_path: Path, address: str) -> None:
    """By redirect: the grant page's address, back with the token, agreement and company, yes, a file of mode 0600."""
    offered = page.browser.get("/exports/main/connect?lang=da").text
    assert "appPublicToken=demo&amp;locale=da-DK&amp;redirectUrl=" in offered
    number = number_of(address)
    back = granted(address, number, back="http://page.example/exports/main/granted").headers["location"]
    seen = page.browser.get(back).text
    assert f"<strong>{number}</strong>" in seen
    assert not (tmp_path / "grant").exists()
    token = httpx.URL(back).params["token"]
    assert page.form("/exports/main/connect/store", token=token, agreement=str(number)) == 200
    assert (tmp_path / "grant").read_text() == token
    assert (tmp_path / "grant").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".grant")] == []
    assert page.harness.store.pinned("main") == number
    assert [entry.what for entry in page.harness.store.actions(LogFilter())] == ["connect"]


def test_a_token_of_another_agreement_is_not_stored(page: Page, tmp_path: Path, address: str) -> None:
    """The export belongs to the agreement of its first use; neither does a token that opens none."""
    page.harness.store.pin("main", 4711)
    number = number_of(address)
    for token in (DEFAULT_TOKENS[1], "nonsense", "", "two words"):
        assert page.form("/exports/main/connect", token=token) == 422
        assert page.form("/exports/main/connect/store", token=token, agreement=str(number)) == 422
    assert not (tmp_path / "grant").exists()
    assert page.harness.store.pinned("main") == 4711


def test_the_agreement_that_was_confirmed_is_the_one_that_is_bound(page: Page, tmp_path: Path) -> None:
    """Another number in the form, or none, stores nothing and pins nothing."""
    for agreement in ("1", "", "x", "²"):
        assert page.form("/exports/main/connect/store", token=DEFAULT_TOKENS[1], agreement=agreement) == 422
    assert not (tmp_path / "grant").exists()
    assert page.harness.store.pinned("main") is None


def test_a_token_in_a_variable_cannot_be_replaced(page: Page, tmp_path: Path, address: str) -> None:
    """It is said what to write into the exports file instead."""
    (tmp_path / "exports.toml").write_text(FILE.format(kind="env", name="GRANT", url=address))
    answer = page.browser.post(
        "/exports/main/connect/store",
        data={"form_token": page.form_token(), "token": DEFAULT_TOKENS[1], "agreement": str(number_of(address))},
    )
    assert answer.status_code == 422
    assert "grant_token_file" in answer.text
    assert page.harness.store.pinned("main") is None


def test_a_pause_for_refused_tokens_is_lifted_by_a_new_one(page: Page, address: str) -> None:
    """By a sweep, once every process has the token, whatever became of the page. A pause by a person stays."""
    store, clock, number = page.harness.store, page.harness.clock, str(number_of(address))

    def connected() -> set[str]:
        fields = {"token": DEFAULT_TOKENS[1], "agreement": number}
        assert page.form("/exports/main/connect/store", **fields) == 200
        assert "main" in store.paused()
        clock.advance(TAKEN_IN + 1)
        store.sweep(idle_exports=frozenset())
        return set(store.paused())

    store.pause("main", failure(EconomicReason.TOKENS_REFUSED, "401"))
    assert connected() == set()
    assert [(it.what, it.who) for it in store.actions(LogFilter())] == [("resume", "Birthe"), ("connect", "Birthe")]
    store.pause("main", failure(EconomicReason.AGREEMENT_DIFFERS, "by hand"))
    assert connected() == {"main"}


@pytest.mark.parametrize("path", ["connect", "granted?token=x"])
def test_only_administrators_connect(page: Page, path: str) -> None:
    """Whose books an export fills is not for who works with its invoices."""
    page.sign_in({"main": Role.OPERATOR})
    assert page.browser.get(f"/exports/main/{path}").status_code == 403
    assert "/exports/main/connect" not in page.browser.get("/exports/main").text
    assert page.form("/exports/main/connect/store", token=DEFAULT_TOKENS[1], agreement="1") == 403


def test_the_grant_page_shows_a_token_to_be_copied(address: str) -> None:
    """Without an address to go back to; it opens the agreement that was chosen. Without an app there is no page."""
    number = number_of(address)
    token = granted(address, number).text.split("<code>")[1].split("</code>")[0]
    headers = {"X-AppSecretToken": DEFAULT_TOKENS[0], "X-AgreementGrantToken": token}
    assert httpx.get(f"{address}/self", headers=headers).json()["agreementNumber"] == number
    assert granted(address, 999).status_code == 404
    assert httpx.get(f"{address}/requestaccess.aspx").status_code == 400
