"""A plan with real processes: only reads reach e-conomic over HTTP, and the export sends what was planned."""

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
    found: list[Any] = installation.sandbox("GET", "journal?after=0")["requests"]
    return found


def test_a_plan_only_reads_and_the_export_sends_what_was_planned(installation: Installation, tmp_path: Path) -> None:
    """Five invoices, two new customers, two new products: GET alone at first, and the agreement is not yet pinned."""
    file, plan_file = tmp_path / "event.json", tmp_path / "plan.json"
    file.write_text(json.dumps(event(*period())))

    planned = installation.json("plan", str(file), "--out", str(plan_file))

    assert {request["method"] for request in seen(installation)} == {"GET"}
    with installation.client() as client:
        assert client.exists("opter-economic:pins") == 0

    installation.start_all()
    installation.command("publish", str(file), "--plan", str(plan_file), expect=(0,))
    installation.wait_for(lambda: installation.counts() == {"exported": 5}, "all are exported")

    assert writes(seen(installation)) == promised(planned)
    assert installation.sandbox("GET", "findings")["findings"] == []


def promised(planned: Any) -> list[str]:
    """Return the planned writes to compare: method, path and body, numbers that e-conomic gives left out."""
    requests = [*planned["newCustomers"], *planned["newProducts"]]
    requests += [request for invoice in planned["invoices"] for request in invoice["requests"]]
    return sorted(_write(request["method"], request["path"], json.loads(request["body"])) for request in requests)


def writes(requests: list[Any]) -> list[str]:
    """Return what e-conomic has seen, likewise."""
    sent = [request for request in requests if request["method"] != "GET"]
    return sorted(_write(request["method"], request["path"], request["body"]) for request in sent)


def _write(method: str, path: str, body: Any) -> str:
    compared = {name: value for name, value in body.items() if name not in {"draftInvoice", "customer"}}
    return f"{method} {path} {json.dumps(compared, sort_keys=True)}"


def test_what_e_conomic_refuses_is_explained(installation: Installation, tmp_path: Path) -> None:
    """A revoked grant: no plan, exit code 1, and a plan pauses nothing."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(*period())))
    installation.sandbox("PATCH", "agreements/417001", {"revoked": True})

    installation.command("plan", str(file), expect=(1,))

    assert installation.json("status")["paused"] == {}
