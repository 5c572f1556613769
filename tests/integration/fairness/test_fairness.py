"""Two exports on one worker: a broken agreement is waited for, and slows nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.installation import Installation, event
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice

COUNT = 60
#: Agreements in the order of their exports.
HEALTHY, BROKEN = 417_001, 417_002
#: Calls to a broken agreement that the rate limiter may let through: those that ten slots have under way at once, and
#: eight for each second that the other's period takes: a 429 names a pause of one second, and three failures in a row
#: bring a pause. Counted by time, as a slow machine takes longer over the same period.
SLOTS, MOST_WASTED_A_SECOND = 10, 8


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """One worker of four slots, exports ``main`` and ``north``, short waits so that a healed agreement soon moves."""
    settings = {"worker__concurrency": "4", "retry__cap": "2"}
    with Installation(tmp_path, exports={"main": "", "north": ""}, **settings) as running:
        yield running


def invoices(first: int) -> list[Invoice]:
    """For customers that are there, so that nothing is awaited but e-conomic."""
    return [
        invoice(
            line(f"{100 + n}.50"),
            invoice_number=first + n,
            customer=customer(code=f"C-{n % 20}", ledger_number=1001 + n % 20, corporate_id=None),
        )
        for n in range(COUNT)
    ]


def break_down(installation: Installation, route: str) -> None:
    """Half of the agreement's calls are answered 429, the others 503, for good."""
    often = {"agreement": BROKEN, "route": route, "times": None}
    storm = [
        {**often, "status": 429, "retry_after": 1, "probability": 0.5, "seed": 7},
        {**often, "status": 503},
    ]
    installation.sandbox("POST", "faults", storm)


def calls(installation: Installation, agreement: int) -> list[dict[str, Any]]:
    requests = installation.sandbox("GET", "requests")["requests"]
    return [request for request in requests if request["agreement"] == agreement]


def booked(installation: Installation, agreement: int) -> set[str]:
    documents = installation.sandbox("GET", "state")[str(agreement)]["booked"].values()
    return {document["references"]["other"] for document in documents}


def waits(installation: Installation, export: str) -> set[str]:
    """Return why executions in the worker's log ended without an exported invoice."""

    def done() -> list[dict[str, Any]]:
        exports = installation.lines("worker-1", "invoice_export")
        return [line for line in exports if line["invoice"].startswith(f"{export}-")]

    # The store knows of an export a moment before its line is written.
    installation.wait_for(lambda: len(done()) >= COUNT, "every export has its line")
    return {line["reason"] for line in done() if line["result"] != "exported"}


@pytest.mark.parametrize("route", ["*", "POST *"], ids=["every call", "every write"])
def test_a_broken_agreement_slows_nobody_else(installation: Installation, route: str) -> None:
    """Its period comes first and has as many invoices; the other's is booked as if it were alone."""
    ours, theirs = invoices(500_001), invoices(700_001)
    break_down(installation, route)
    installation.start_all()
    installation.push(event(*theirs, export="north", event_id="n1"))
    installation.wait_for(lambda: bool(calls(installation, BROKEN)), "the broken agreement has been called")
    installation.push(event(*ours, event_id="m1"))
    installation.wait_for(lambda: len(booked(installation, HEALTHY)) == COUNT, "the healthy period is booked")
    wasted = [call for call in calls(installation, BROKEN) if call["status"] in (429, 503)]
    installation.wait_for(lambda: installation.counts() == {"exported": COUNT}, "and known to be")

    assert booked(installation, HEALTHY) == {f"main-{source.invoice_number}" for source in ours}
    assert [call["status"] for call in calls(installation, HEALTHY) if call["status"] not in (200, 201)] == []
    assert waits(installation, "main") <= {"busy"}  # two invoices of one customer may meet; nothing else is waited for
    assert "dead" not in installation.counts("north-p881")
    assert booked(installation, BROKEN) == set()
    span = wasted[-1]["at"] - wasted[0]["at"]
    assert len(wasted) <= SLOTS + MOST_WASTED_A_SECOND * span

    before = len(calls(installation, BROKEN))
    installation.sandbox("DELETE", "faults")
    installation.wait_for(
        lambda: any(call["status"] in (200, 201) for call in calls(installation, BROKEN)[before:]),
        "the healed agreement is taken up again",
    )
    assert installation.sandbox("GET", "findings") == {"findings": []}


def test_each_agreement_gets_its_own(installation: Installation) -> None:
    """Equal invoice numbers, customers and amounts on both: each is booked once in each, with its own reference."""
    same = invoices(500_001)
    installation.start_all()
    installation.push(event(*same, export="north", event_id="n1"))
    installation.push(event(*same, event_id="m1"))
    for number in (HEALTHY, BROKEN):
        installation.wait_for(lambda number=number: len(booked(installation, number)) == COUNT, f"{number} is done")

    assert booked(installation, HEALTHY) == {f"main-{source.invoice_number}" for source in same}
    assert booked(installation, BROKEN) == {f"north-{source.invoice_number}" for source in same}
    with installation.client() as client:
        assert client.hgetall("opter-economic:pins") == {b"main": b"417001", b"north": b"417002"}


def test_an_export_with_anothers_token_is_paused(installation: Installation) -> None:
    """Somebody swaps the grants: nothing of one company reaches the books of the other, and both say so."""
    with installation.client() as client:  # what their first use left
        client.hset("opter-economic:pins", mapping={"main": BROKEN, "north": HEALTHY})
    installation.start_all()
    installation.push(event(*invoices(500_001)[:3], event_id="m1"))
    installation.push(event(*invoices(700_001)[:3], export="north", event_id="n1"))
    reason = "agreement-mismatch"
    installation.wait_for(
        lambda: installation.command("export", "list", "--json").count(reason) == len(("main", "north")),
        "both exports are paused",
    )

    assert [call["method"] for number in (HEALTHY, BROKEN) for call in calls(installation, number)] == ["GET", "GET"]
    assert [installation.counts(period) for period in ("main-p881", "north-p881")] == [{"received": 3}] * 2
