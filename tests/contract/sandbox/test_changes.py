"""The commands that change a running sandbox, over its control path."""

import io
import time
from collections.abc import Iterator

import httpx
import pytest
from support.listening import listening

from worker.cli.context import CommandContext
from worker.cli.formatting import console_on
from worker.cli.main import run
from worker.sandbox.app import create_app
from worker.sandbox.resources import ROUTES
from worker.sandbox.server import DEFAULT_TOKENS, standard_agreements

HEADERS = dict(zip(("X-AppSecretToken", "X-AgreementGrantToken"), DEFAULT_TOKENS, strict=True))
AGREEMENT = "417001"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = create_app(standard_agreements(["sweden"]), ROUTES, clock=time.time)
    with listening(app) as url:
        yield url


def change(control: httpx.Client, *arguments: str) -> int:
    """Run ``sandbox`` with these arguments against the sandbox of the test; return the exit code."""
    url = str(control.base_url).partition("/_sandbox")[0]
    return typed(*arguments, "--at", url)[0]


def typed(*arguments: str) -> tuple[int, str]:
    """Run ``sandbox`` with these arguments; return the exit code and what was shown."""
    shown = io.StringIO()
    console = console_on(shown)
    context = CommandContext(out=console, err=console, clock=time.time, sleep=time.sleep)
    return run(["sandbox", *arguments], context), shown.getvalue()


def asked(control: httpx.Client, path: str, grant: str = "sandbox-grant") -> int:
    """Return the status of e-conomic's answer."""
    url = str(control.base_url).partition("/_sandbox")[0]
    return httpx.get(f"{url}{path}", headers=HEADERS | {"X-AgreementGrantToken": grant}, timeout=5).status_code


def test_a_product_group_comes_with_its_accounts(control: httpx.Client) -> None:
    """In all four zones; removed by its name."""
    assert change(control, "group", "add", "3050", "--account", "3020") == 0

    state = control.get("/state").json()[AGREEMENT]
    [number] = [key for key, group in state["product_groups"].items() if group["name"] == "3050"]
    assert [state["sales_accounts"][f"{number}-{zone}"] for zone in (1, 2, 3, 4)] == [3020] * 4
    assert change(control, "group", "remove", "3050") == 0
    assert number not in control.get("/state").json()[AGREEMENT]["product_groups"]
    assert change(control, "group", "remove", "3050") == 2
    assert change(control, "group", "add", "3060", "--account", "9") == 2


def test_months_are_closed_and_opened(control: httpx.Client) -> None:
    """That month and no other."""

    def closed() -> list[int]:
        periods = control.get("/state").json()[AGREEMENT]["years"]["2026"]["periods"]
        return [period["periodNumber"] for period in periods if period["closed"]]

    assert change(control, "period", "close", "2026-11") == 0
    assert closed() == [11]
    assert change(control, "period", "open", "2026-11") == 0
    assert closed() == []
    assert change(control, "period", "close", "2031-11") == 2


def test_customers_are_barred_and_let_go(control: httpx.Client) -> None:
    """Nothing else of the card changes."""
    before = control.get("/state").json()[AGREEMENT]["customers"]["1001"]

    assert change(control, "customer", "bar", "1001") == 0
    assert control.get("/state").json()[AGREEMENT]["customers"]["1001"] == before | {"barred": True}
    assert change(control, "customer", "unbar", "1001") == 0
    assert change(control, "customer", "bar", "99999") == 2


def test_a_token_is_revoked_and_restored(control: httpx.Client) -> None:
    """401 in between, for that agreement alone; one that is not there is an error."""
    assert change(control, "token", "revoke") == 0
    assert (asked(control, "/self"), asked(control, "/self", "sandbox-grant-sweden")) == (401, 200)
    assert change(control, "token", "restore") == 0
    assert asked(control, "/self") == 200
    assert change(control, "token", "revoke", "--agreement", "5") == 2


@pytest.mark.parametrize(("what", "status"), [("503", 503), ("500", 500), ("429", 429)])
def test_calls_fail_for_a_while(what: str, status: int, control: httpx.Client) -> None:
    """For so many seconds of the sandbox's clock, only where asked for, only that agreement."""
    assert change(control, "fail", what, "--for", "60", "--only", "GET /customers") == 0

    assert asked(control, "/customers") == status
    assert asked(control, "/customers", "sandbox-grant-sweden") == 200
    assert asked(control, "/self") == 200
    control.post("/clock", json={"advance": 61})
    assert asked(control, "/customers") == 200


def test_a_failure_is_ended_before_its_time(control: httpx.Client) -> None:
    """Cut connections, then answers again."""
    assert change(control, "fail", "cut") == 0
    with pytest.raises(httpx.TransportError):
        asked(control, "/self")

    assert change(control, "fixed") == 0
    assert asked(control, "/self") == 200


def test_a_sandbox_that_does_not_run_is_unreachable() -> None:
    """Exit code 3 and the next step; no traceback."""
    code, shown = typed("group", "add", "3050", "--at", "http://127.0.0.1:1")

    assert code == 3
    assert "No sandbox answers at http://127.0.0.1:1" in shown
    assert "opter-economic sandbox" in shown
