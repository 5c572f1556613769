"""The main job with real processes: Redis, Celery, intake and the sandbox over HTTP."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.installation import SHORT_LEASES, Installation, event
from support.samples import invoice, line, mixed_invoices

from config.names import preflight_queue, queue_key
from config.settings_sections import Redis
from worker.domain.invoice import Invoice


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path, **SHORT_LEASES) as running:
        yield running


def _slow_drafts(installation: Installation, seconds: float) -> None:
    """Let every draft take its time, until the faults are cleared: the period is long under way, whoever looks late."""
    slow = {"route": "POST /invoices/drafts", "action": "delay", "delay": seconds, "times": None}
    installation.sandbox("POST", "faults", slow)


def _calls(installation: Installation) -> Counter[str]:
    """Return how many calls the worker's log has accounted for so far, by its lines."""
    calls = Counter[str]()
    for job in ("invoice_export", "period_preflight", "period_certificate"):
        calls[job] = sum(line.get("http_calls", 0) for line in installation.lines("worker-1", job))
    return calls


def _exported(installation: Installation) -> list[dict[str, Any]]:
    return [line for line in installation.lines("worker-1", "invoice_export") if line["result"] == "exported"]


def _assert_booked_once(installation: Installation, invoices: list[Invoice]) -> None:
    agreement = next(iter(installation.sandbox("GET", "state").values()))
    booked = list(agreement["booked"].values())
    expected = {
        f"main-{source.invoice_number}": (f"{source.net}", f"{source.vat}", f"{source.gross}") for source in invoices
    }
    amounts = ("netAmount", "vatAmount", "grossAmount")
    sums = {document["references"]["other"]: tuple(f"{document[name]:.2f}" for name in amounts) for document in booked}
    assert expected == sums
    assert len(invoices) == len(booked)
    assert agreement["drafts"] == {}
    companies = [customer.get("corporateIdentificationNumber", "") for customer in agreement["customers"].values()]
    created = [company for company in companies if company.startswith("88")]
    assert sorted(set(created)) == sorted(created)
    assert installation.sandbox("GET", "findings")["findings"] == []


def test_a_period_is_booked_whatever_is_killed_or_sent_twice(installation: Installation) -> None:
    """A worker killed in mid-period, and the same event sent twice, change nothing in the end state."""
    invoices = mixed_invoices(120)
    installation.sandbox("PATCH", "switches", {"latency_ms": 20})
    _slow_drafts(installation, 2.5)  # 120 x 2.5 s / 20 slots: far longer than seeing the first and killing
    installation.start_all(workers=2)
    installation.push(event(*invoices))
    installation.wait_for(lambda: "invoice_export" in installation.log("worker-1"), "the first worker is at it")
    installation.kill("worker-1", signal.SIGKILL)
    assert installation.counts().get("exported", 0) < len(invoices)
    installation.sandbox("DELETE", "faults")
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"exported": 120}, "all are exported", seconds=240)
    _assert_booked_once(installation, invoices)


def test_a_wiped_redis_doubles_nothing(installation: Installation) -> None:
    """Redis emptied in mid-period and the event sent again: every invoice once, as e-conomic is asked first."""
    invoices = mixed_invoices(60)
    installation.sandbox("PATCH", "switches", {"latency_ms": 30})
    installation.start_all()
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts().get("exported", 0) >= 15, "a part is exported")
    with installation.client() as client:
        client.flushall()
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"exported": 60}, "all are exported", seconds=240)
    _assert_booked_once(installation, invoices)


def test_the_log_accounts_for_every_call(installation: Installation) -> None:
    """What the lines of checks and exports say they called is what e-conomic saw: no call is made beside a job."""
    invoices = mixed_invoices(30)
    installation.start_all()
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"exported": 30}, "all are exported")
    # The store knows of an export a moment before its line is written.
    installation.wait_for(lambda: len(_exported(installation)) == 30, "every export has its line")
    # So is every other line a moment later than its calls; and what is exported is read back soon.
    installation.wait_for(lambda: bool(installation.lines("worker-1", "period_certificate")), "it is read back")
    seen = len(installation.sandbox("GET", "requests")["requests"])
    installation.wait_for(lambda: _calls(installation).total() >= seen, "every call is accounted for")

    assert min(_calls(installation).values()) > 0
    assert _calls(installation).total() == len(installation.sandbox("GET", "requests")["requests"])
    lines = [json.loads(text) for text in installation.log("worker-1").splitlines() if '"http_calls"' in text]
    assert {line["event"] for line in lines} == set(_calls(installation))


def test_lost_messages_are_found_by_the_sweep(installation: Installation) -> None:
    """Messages are hints: with Celery's queues emptied behind its back, the store has them sent again."""
    invoices = mixed_invoices(30)
    installation.start("intake", "intake")
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"received": 30}, "the period is in the store")
    with installation.client() as client:
        queue = queue_key(Redis().prefix, preflight_queue("main"))
        installation.wait_for(lambda: client.llen(queue) > 0, "its message is sent")
        client.delete(queue)
    installation.start("worker-1", "worker", "--name", "worker-1@test")
    installation.wait_for(lambda: installation.counts() == {"exported": 30}, "all are exported")
    _assert_booked_once(installation, invoices)


def test_what_is_missing_is_reported_once_and_requeued_after_the_fix(installation: Installation) -> None:
    """A missing product group: the affected are dead letters with one notice, the others go on; re-queued, all end."""
    fine, broken = (
        mixed_invoices(5),
        [invoice(line("10.00", account="3050"), invoice_number=600_001 + n) for n in range(3)],
    )
    broken = [source.model_copy(update={"customer": fine[1].customer}) for source in broken]
    installation.start_all()
    installation.push(event(*fine, *broken))
    installation.wait_for(lambda: installation.counts() == {"exported": 5, "dead": 3}, "all rest")
    # The notice is written after the last of the period's check has been passed on.
    installation.wait_for(lambda: installation.json("status", "main-p881")["notice"] != "", "the notice is written")
    period = installation.json("status", "main-p881")
    assert "3050" in period["notice"]
    assert period["failed"] == {"product-group-missing": 3}
    number = next(iter(installation.sandbox("GET", "state")))
    installation.sandbox("PUT", f"agreements/{number}/product_groups/70", {"name": "3050"})
    for zone in (1, 2, 3, 4):
        installation.sandbox("PUT", f"agreements/{number}/sales_accounts/70-{zone}", 3010)
    installation.command("requeue", "--period", "main-p881")
    installation.wait_for(lambda: installation.counts() == {"exported": 8}, "all are exported")
    _assert_booked_once(installation, [*fine, *broken])


def test_a_revoked_token_pauses_the_export_and_kills_no_invoice(installation: Installation) -> None:
    """401: the export stands still, loudly, until it is resumed; no invoice becomes a dead letter for it."""
    invoices = mixed_invoices(120)
    _slow_drafts(installation, 2.5)  # 120 x 2.5 s / 10 slots: far longer than reading the counts
    number = next(iter(installation.sandbox("GET", "state")))
    installation.start_all()
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts().get("exported", 0) >= 3, "a part is exported")
    installation.sandbox("PATCH", f"agreements/{number}", {"revoked": True})
    installation.wait_for(lambda: "main" in str(installation.json("status").get("paused")), "the export is paused")
    assert installation.counts().get("dead", 0) == 0
    installation.sandbox("PATCH", f"agreements/{number}", {"revoked": False})
    installation.sandbox("DELETE", "faults")
    installation.command("export", "resume", "main")
    installation.wait_for(lambda: installation.counts() == {"exported": 120}, "all are exported")
    _assert_booked_once(installation, invoices)
