import time
from collections.abc import Iterator

import httpx
import pytest
from support import samples
from support.economic_bodies import networked_client
from support.listening import listening

from config.export_schema import Limits
from worker.economic.client import EconomicClient
from worker.sandbox.app import create_app
from worker.sandbox.resources import ROUTES
from worker.sandbox.seed import standard_agreement

TOKENS = ("app-secret-token-for-tests", "grant-token-for-tests")
GENTLE = Limits(tokens_per_minute=1_000_000)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(create_app({TOKENS: standard_agreement()}, ROUTES, clock=time.time)) as url:
        yield url


@pytest.fixture
def economic(address: str, control: httpx.Client) -> Iterator[EconomicClient]:
    """The client; afterwards its request log must hold no finding."""
    export = samples.export(
        method="voucher", read_barred_periods=True, api_url=address, openapi_url=address, limits=GENTLE
    )
    client = networked_client(export=export, deadline=60.0, read_timeout=60.0)
    yield client
    client.close()
    assert control.get("/findings").json() == {"findings": []}
