"""A plan with real processes: only reads reach e-conomic over HTTP, and what is published then is what was planned."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.installation import Installation, event
from support.plan_periods import period


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path) as running:
        yield running


def seen(installation: Installation) -> list[Any]:
    """Return every request that e-conomic has seen."""
    found: list[Any] = installation.sandbox("GET", "requests?after=0")["requests"]
    return found


def test_a_plan_reads_and_its_publication_sends_what_it_promised(installation: Installation, tmp_path: Path) -> None:
    """Five invoices, two new customers, two new products: GET alone at first, and the agreement is not yet pinned."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(*period())))

    planned = installation.json("plan", str(file))

    assert {one["method"] for one in seen(installation)} == {"GET"}
    with installation.client() as client:
        assert client.exists("opter-economic:pins") == 0

    installation.start_all()
    installation.command("publish", str(file), "--plan", planned["hash"], expect=(0,))
    installation.wait_for(lambda: installation.counts() == {"exported": 5}, "all are exported")

    assert writes(seen(installation)) == promised(planned)
    assert installation.sandbox("GET", "findings")["findings"] == []


def promised(planned: Any) -> list[str]:
    """Return the planned writes to compare: method, path and body, numbers that e-conomic gives left out."""
    requests = [*planned["newCustomers"], *planned["newProducts"]]
    requests += [request for one in planned["invoices"] for request in one["requests"]]
    return sorted(_write(one["method"], one["path"], json.loads(one["body"])) for one in requests)


def writes(requests: list[Any]) -> list[str]:
    """Return what e-conomic has seen, likewise."""
    sent = [one for one in requests if one["method"] != "GET"]
    return sorted(_write(one["method"], one["path"], one["body"]) for one in sent)


def _write(method: str, path: str, body: Any) -> str:
    told = {name: value for name, value in body.items() if name not in {"draftInvoice", "customer"}}
    return f"{method} {path} {json.dumps(told, sort_keys=True)}"


def test_what_e_conomic_refuses_is_explained(installation: Installation, tmp_path: Path) -> None:
    """A revoked grant: no plan, exit code 1, and nothing is paused by looking."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(*period())))
    installation.sandbox("PATCH", "agreements/417001", {"revoked": True})

    installation.command("plan", str(file), expect=(1,))

    assert installation.json("status")["paused"] == {}
