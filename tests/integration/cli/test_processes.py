"""The commands that run processes: started, refused, supervised, stopped."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.installation import PATIENCE, Installation, event
from support.ports import free_port
from support.samples import customer, invoice, line
from support.timing import quickest, seconds

from worker.domain.invoice import Invoice
from worker.domain.signs_of_life import Part

INTAKE, WORKER, FLOWER = (b"worker", b"intake"), (b"celery", b"worker"), (b"celery", b"flower")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path, flower__port=str(free_port())) as running:
        yield running


def _invoices(count: int) -> list[Invoice]:
    known = customer(code="K1001", corporate_id=None)
    return [invoice(invoice_number=500_001 + n, customer=known) for n in range(count)]


@pytest.mark.timing
def test_the_intake_ends_soon_after_sigterm(installation: Installation) -> None:
    """A wait at the empty queue lasts a second; a container's stop is not kept waiting."""

    def end() -> float:
        installation.start("intake", "intake")
        with installation.client() as client:
            installation.wait_for(lambda: client.exists("opter:period-closed:consumers") == 1, "the intake is up")
        return seconds(lambda: installation.kill("intake", signal.SIGTERM))

    assert quickest(end, within=4) < 4


def test_a_redis_that_may_forget_is_refused(installation: Installation) -> None:
    """Without an append-only file a crash would forget what was posted: refused with the remedy and a way around."""
    with installation.client() as client:
        client.config_set("appendonly", "no")

    installation.command("intake", expect=(2,))


def test_a_redis_that_may_forget_is_taken_when_told_to(tmp_path: Path) -> None:
    """The owner answers for persistence in another way."""
    with Installation(tmp_path, redis__require_durability="false") as installation, installation.client() as client:
        client.config_set("appendonly", "no")
        installation.start("intake", "intake")
        installation.wait_for(lambda: client.exists("opter:period-closed:consumers") == 1, "the intake is up")


@pytest.mark.parametrize(
    ("refuse", "again", "cause"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "memory of Redis is full"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "replica that takes no writes"),
    ],
)
def test_a_redis_that_takes_no_writes_is_named_by_status(
    installation: Installation, refuse: tuple[str, ...], again: tuple[str, ...], cause: str
) -> None:
    """It answers all that ``status`` reads; why nothing moves is said all the same, and no more when it is over."""
    with installation.client() as client:
        client.execute_command(*refuse)
        said = " ".join(installation.command("status", expect=(1,)).split())
        client.execute_command(*again)

    assert cause in said
    assert cause not in installation.command("status", expect=(0,))


def test_a_set_up_is_proven_against_the_agreement(installation: Installation, tmp_path: Path) -> None:
    """Complete for what it has seen; with a period that is to come, what that needs is missing."""
    coming = tmp_path / "coming.ndjson"
    coming.write_text(invoice(line(account="3050")).content().text + "\n")

    [now] = installation.json("export", "check", "main")
    [then] = json.loads(installation.command("export", "check", "main", "--event", str(coming), "--json", expect=(1,)))

    assert now["ok"]
    assert [check["item"] for check in then["checks"] if not check["ok"]] == ["Sales account 3050", "Sample invoices"]
    assert installation.sandbox("GET", "findings")["findings"] == []


def test_a_set_up_is_checked_without_redis_as_far_as_it_can_be(installation: Installation) -> None:
    """A Redis that is down: e-conomic is checked all the same; why the rest was not is said, with the next step."""
    installation.redis_url = "redis://127.0.0.1:1/0"

    [report] = json.loads(installation.command("export", "check", "--json", expect=(3,)))

    *others, redis = report["checks"]
    assert len(others) > 5
    assert all(check["ok"] for check in others)
    assert (redis["item"], redis["ok"]) == ("Redis", False)
    assert "nothing listens where Redis should" in redis["found"]
    assert "not checked: invoices of the store" in redis["found"]
    assert "Start Redis" in redis["nextStep"]
    assert "Traceback" not in installation.command("export", "check", "--event", "nowhere.json", expect=(2, 3))


def test_tokens_that_are_refused_are_a_finding(installation: Installation) -> None:
    """A revoked grant: exit code 1, and the invoices' export is not touched by the check."""
    installation.sandbox("PATCH", "agreements/417001", {"revoked": True})

    [report] = json.loads(installation.command("export", "check", "--json", expect=(1,)))

    assert [check["item"] for check in report["checks"]] == ["Tokens and roles"]
    assert installation.command("export", "list", expect=(0,))


def test_up_runs_everything_and_restarts_what_dies(installation: Installation) -> None:
    """A period goes through, a worker killed by force comes back, and one signal stops all of it."""
    installation.start("up", "up", "--logs", "logs")
    installation.push(event(*_invoices(5)))
    installation.wait_for(lambda: installation.counts() == {"exported": 5}, "the period is exported")
    flower = f"http://127.0.0.1:{installation.environment['OPTER_ECONOMIC_FLOWER__PORT']}"
    installation.wait_for(lambda: _shows(flower), "Flower shows its page")
    assert httpx.post(f"{flower}/api/worker/shutdown/worker@x", timeout=PATIENCE).status_code in {401, 403}

    worker = _child(installation, *WORKER)
    os.kill(worker, signal.SIGKILL)
    left = _signs(installation, Part.WORKER)
    installation.wait_for(lambda: _child(installation, *WORKER) not in (0, worker), "the worker is back")
    # The killed one's sign counts for 40 seconds: only another one says that the new worker is ready.
    installation.wait_for(lambda: _signs(installation, Part.WORKER) not in ([], left), "the new worker leaves signs")
    installation.wait_for(
        lambda: {"Redis", "Workers", "Intake", "Sweeps", "Export main"} <= _well(installation), "well"
    )
    installation.kill("up", signal.SIGTERM)

    assert "worker ended with code -9; restarted in 1 s" in installation.log("up")
    installation.wait_for(lambda: not any(_child(installation, *words) for words in (INTAKE, WORKER, FLOWER)), "gone")
    assert _signs(installation) == []  # what ends in order is not missed


def _signs(installation: Installation, part: str = "") -> list[tuple[bytes, float]]:
    """Return the processes of a part that left signs of life, with when each was last seen."""
    with installation.client() as client:
        signs = client.zrange("opter-economic:alive", 0, -1, withscores=True)
    return [(name, seen) for name, seen in signs if name.startswith(part.encode())]


def _well(installation: Installation) -> set[str]:
    """Return the parts that ``health`` calls well."""
    report = json.loads(installation.command("health", "--json", expect=(0, 1, 3)))
    return {part["part"] for part in report["parts"] if part["level"] == "well"}


def _child(installation: Installation, *words: bytes) -> int:
    """Return the process id of a process of this installation, by words of its command line; 0 when there is none."""
    mark = f"OPTER_ECONOMIC_EXPORTS_FILE={installation.folder / 'exports.toml'}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            ours = mark in (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if ours and set(words) <= set(arguments) and (process / "cwd").resolve() == installation.folder:
            return int(process.name)
    return 0


def _shows(flower: str) -> bool:
    try:
        return httpx.get(f"{flower}/workers", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False
