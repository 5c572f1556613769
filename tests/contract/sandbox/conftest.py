from collections.abc import Iterator

import httpx
import pytest
from support import toy_economic as toy
from support.clock import ManualClock
from support.listening import listening

from worker.sandbox.app import create_app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = create_app({(toy.APP, toy.GRANT): toy.agreement()}, toy.ROUTES, clock=ManualClock())
    with listening(app) as url:
        yield url


@pytest.fixture
def economic(control: httpx.Client) -> Iterator[httpx.Client]:
    """e-conomic as a client with the right tokens sees it."""
    with httpx.Client(base_url=control.base_url.copy_with(path="/"), headers=toy.HEADERS, timeout=60) as client:
        yield client
