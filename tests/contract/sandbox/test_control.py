import httpx
import pytest


def test_time_is_set_and_runs_on(control: httpx.Client) -> None:
    """An ISO timestamp or seconds since the epoch."""
    there = control.post("/clock", json={"set": "2026-11-20T15:04:05Z"}).json()
    assert there["now"].startswith("2026-11-20T15:04:05")
    later = control.post("/clock", json={"advance": 3600}).json()
    assert later["epoch"] - there["epoch"] == 3600
    assert control.post("/clock", json={"set": 0}).json()["now"].startswith("1970-01-01T00:00:00")


def test_a_cause_is_fixed_from_outside(control: httpx.Client, economic: httpx.Client) -> None:
    """Adding a resource fills in its number; changing one keeps its other properties; the key may hold a slash."""
    control.put("/agreements/7/product_groups/5", json={"name": "3010"}).raise_for_status()
    control.put("/agreements/7/sales_accounts/5-1", content="1010").raise_for_status()
    control.put("/agreements/7/years/2025/2026", json={"closed": True}).raise_for_status()
    control.put("/agreements/7/customers/1", json={"barred": True}).raise_for_status()
    state = control.get("/state", params={"agreement": "7"}).json()["7"]
    assert state["product_groups"] == {"5": {"name": "3010", "productGroupNumber": 5}}
    assert state["sales_accounts"] == {"5-1": 1010}
    assert state["years"] == {"2025/2026": {"closed": True, "year": "2025/2026"}}
    assert economic.get("/customers/1").json() == {"customerNumber": 1, "name": "Customer 01", "barred": True}


def test_a_resource_is_removed(control: httpx.Client, economic: httpx.Client) -> None:
    """As a person deletes it in the real e-conomic."""
    control.delete("/agreements/7/customers/1").raise_for_status()
    assert economic.get("/customers/1").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/agreements/8/customers/1", 404),
        ("PUT", "/agreements/7/nothing/1", 404),
        ("PUT", "/agreements/7/customers/one", 400),
        ("DELETE", "/agreements/7/customers/999", 404),
        ("PATCH", "/agreements/8", 404),
    ],
)
def test_an_edit_that_hits_nothing_says_so(control: httpx.Client, method: str, path: str, status: int) -> None:
    """An unknown agreement, collection, key or resource."""
    assert control.request(method, path, json={}).status_code == status


@pytest.mark.parametrize("body", [{"latency": 1}, {"rate_mode": "sometimes"}, {"latency_ms": "slow"}])
def test_a_switch_that_does_not_exist_is_refused(control: httpx.Client, body: dict[str, object]) -> None:
    """Nothing is changed then."""
    before = control.get("/switches").json()
    assert control.patch("/switches", json={"cache_4xx": False, **body}).status_code == 400
    assert control.get("/switches").json() == before


def test_a_reset_restores_the_beginning(control: httpx.Client, economic: httpx.Client) -> None:
    """Content, requests, findings, faults, switches and keys."""
    economic.delete("/customers/1")
    control.patch("/switches", json={"rate_limit": 5}).raise_for_status()
    control.post("/faults", json=[{"status": 503}]).raise_for_status()
    control.post("/reset").raise_for_status()
    assert control.get("/requests").json() == {"requests": []}
    assert control.get("/findings").json() == {"findings": []}
    assert control.get("/faults").json() == {"faults": []}
    assert control.get("/switches").json()["rate_limit"] == 10_000
    assert economic.get("/customers/1").status_code == 200


def test_a_misspelt_change_is_refused(control: httpx.Client) -> None:
    """It would look as if the grant had been revoked."""
    assert control.patch("/agreements/7", json={"revoke": True}).status_code == 400


def test_health(control: httpx.Client) -> None:
    """What a starter polls."""
    assert control.get("/health").json() == {"ok": True}
