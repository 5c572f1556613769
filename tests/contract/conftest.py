from collections.abc import Iterator

import httpx
import pytest


@pytest.fixture
def control(address: str) -> Iterator[httpx.Client]:
    """The control path of a sandbox as at its start."""
    with httpx.Client(base_url=f"{address}/_sandbox", timeout=60) as client:
        client.post("/reset").raise_for_status()
        yield client
