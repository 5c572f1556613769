"""The figures of a process over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from pydantic import SecretStr
from support.clock import ManualClock
from support.installation import PATIENCE, Installation
from support.ports import free_port

from config.settings_sections import Metrics
from worker.runtime.metrics import HANGS_AFTER, Beat, serve_metrics

TOKEN = "a-long-token"


@contextmanager
def _served(*, token: str = TOKEN, ready: bool = True, silent: float = 0.0) -> Iterator[httpx.Client]:
    clock = ManualClock()
    beat = Beat(clock)
    clock.advance(silent)
    settings = Metrics(port=free_port(), token=SecretStr(token))
    end = serve_metrics(settings, beat=beat, ready=lambda: ready)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=PATIENCE) as client:
            yield client
    finally:
        end()


def test_figures_are_given_to_who_shows_the_token() -> None:
    """Without it, with another, or as a part of it: nothing."""
    with _served() as client:
        for shown in ("", "Bearer", "Bearer a-long", f"Bearer {TOKEN}x", TOKEN):
            answer = client.get("/metrics", headers={"authorization": shown})
            assert (answer.status_code, answer.text) == (401, ""), shown
        answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert "# HELP opter_economic_executions_total" in answer.text
        assert client.get("/other").status_code == 404


@pytest.mark.parametrize(("silent", "status"), [(0.0, 200), (HANGS_AFTER, 503)])
def test_a_process_that_hangs_is_not_alive(silent: float, status: int) -> None:
    """Whoever asks for its health restarts it."""
    with _served(silent=silent) as client:
        assert client.get("/healthz").status_code == status


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
def test_a_process_without_its_store_is_not_ready(ready: bool, status: int) -> None:  # noqa: FBT001  # a table's value
    """It is alive all the same: a restart would not bring Redis back."""
    with _served(ready=ready) as client:
        assert client.get("/readyz").status_code == status
        assert client.get("/healthz").status_code == 200


def test_without_a_port_nothing_is_served() -> None:
    """The default."""
    serve_metrics(Metrics(), beat=Beat(), ready=lambda: True)()


def test_worker_and_intake_give_their_figures(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Real processes: a worker that beats is alive, and both know their store."""
    port = free_port()
    with Installation(tmp_path_factory.mktemp("metrics"), metrics__port=str(port)) as place:
        for name in ("worker", "intake"):
            place.start(name, name)
            place.wait_for(lambda: _ready(port), f"the {name} is ready")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                assert client.get("/healthz").text == "alive"
                assert "opter_economic_executions" in client.get("/metrics").text
            place.kill(name)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False
