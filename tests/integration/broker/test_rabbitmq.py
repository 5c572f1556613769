"""RabbitMQ as the broker, for real: periods go through it, it may die or be emptied, and the store makes it right."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.envelopes import call
from support.installation import Installation, event
from support.rabbitmq import VHOST, RabbitMqServer, needs_rabbitmq
from support.samples import mixed_invoices

from config.names import EXPORT_TASK, broker_prefix, export_queue
from config.settings_sections import Redis
from worker.domain.invoice import Invoice

pytestmark = [needs_rabbitmq, pytest.mark.xdist_group("rabbitmq")]  # one server for all of them


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMqServer]:
    with RabbitMqServer(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def installation(server: RabbitMqServer, tmp_path: Path) -> Iterator[Installation]:
    """Another installation than that of the test before: its messages are not this one's."""
    server.control("delete_vhost", VHOST)
    server.control("add_vhost", VHOST)
    server.control("set_permissions", "-p", VHOST, "opter", ".*", ".*", ".*")
    with Installation(tmp_path, broker__url=server.url) as running:
        yield running


def _start(installation: Installation, *, workers: int = 1) -> None:
    installation.start_all(workers=workers)
    for number in range(1, workers + 1):
        installation.wait_for(lambda name=f"worker-{number}": " ready." in installation.log(name), "a worker is ready")  # type: ignore[misc]  # the default binds the name


def _assert_booked_once(installation: Installation, invoices: Sequence[Invoice]) -> None:
    [agreement] = installation.sandbox("GET", "state").values()
    booked = sorted(document["references"]["other"] for document in agreement["booked"].values())
    assert booked == sorted(f"main-{invoice.invoice_number}" for invoice in invoices)
    assert agreement["drafts"] == {}
    assert installation.sandbox("GET", "findings")["findings"] == []


def test_a_period_goes_through_rabbitmq_alone(installation: Installation, server: RabbitMqServer) -> None:
    """Redis keeps no message; health and figures say how many wait; queues outlive a restart, and hold ids alone."""
    invoices = mixed_invoices(40)
    installation.start("intake", "intake")
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"received": 40}, "the event is taken in")
    [found] = [part for part in installation.json("health")["parts"] if part["part"] == "Broker"]
    assert (found["level"], found["text"]) == ("well", "RabbitMQ answers, 1 message waiting")
    installation.start("worker-1", "worker", "--name", "worker-1@test")
    installation.wait_for(lambda: installation.counts() == {"exported": 40}, "all are exported")

    _assert_booked_once(installation, invoices)
    with installation.client() as client:
        assert list(client.scan_iter(f"{broker_prefix(Redis().prefix)}*")) == []
    listed = server.control("-q", "-p", VHOST, "list_queues", "--no-table-headers", "name", "durable", "messages")
    durable = dict(line.split("\t")[:2] for line in listed.splitlines())
    assert {queue: durable[queue] for queue in durable if "@" not in queue} == dict.fromkeys(
        ("export.main", "preflight.main", "reconcile.main", "recovery.main"), "true"
    )
    assert "Traceback" not in installation.log("worker-1") + installation.log("intake")


def test_what_rabbitmq_loses_is_sent_again(installation: Installation, server: RabbitMqServer) -> None:
    """Killed and emptied in the middle of a period: each cause is said once, and all end exported once."""
    invoices = mixed_invoices(60)
    installation.sandbox("PATCH", "switches", {"latency_ms": 150})
    _start(installation)
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts().get("exported", 0) >= 5, "the first are exported")
    server.wipe()
    installation.wait_for(lambda: installation.counts() == {"exported": 60}, "all are exported", seconds=240)

    _assert_booked_once(installation, invoices)
    said = installation.lines("worker-1", "store_unavailable")
    assert all(line["why"].startswith("RabbitMQ does not answer") and "Start it" in line["next_step"] for line in said)
    # Cut off, then refused: each once, however often it is tried.
    assert 1 <= len(said) <= 3
    assert installation.running("worker-1")
    assert installation.running("intake")
    assert "Traceback" not in installation.log("worker-1") + installation.log("intake")


def test_a_queue_that_is_deleted_is_made_anew(installation: Installation, server: RabbitMqServer) -> None:
    """By somebody who cleans up by hand, in the middle of a period, while nobody's connection ends."""
    invoices = mixed_invoices(60)
    installation.sandbox("PATCH", "switches", {"latency_ms": 100})
    _start(installation)
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts().get("exported", 0) >= 5, "the first are exported")
    server.control("-p", VHOST, "delete_queue", export_queue("main"))
    installation.wait_for(lambda: installation.counts() == {"exported": 60}, "all are exported", seconds=240)

    _assert_booked_once(installation, invoices)


def test_a_worker_takes_no_more_than_soon_finds_a_slot(installation: Installation, server: RabbitMqServer) -> None:
    """RabbitMQ holds the rest back for others: as many wait in a worker as one export has slots."""
    invoices = mixed_invoices(100)
    # 100 invoices, 2 calls each, 1 s a call, 10 calls at a time: 20 s at the least.
    installation.sandbox("PATCH", "switches", {"latency_ms": 1000})
    _start(installation)
    installation.push(event(*invoices))
    seen: list[int] = []

    def both_have_some() -> bool:
        ready, taken = server.messages(export_queue("main"))
        seen.append(taken)
        return ready > 20 and taken > 0

    installation.wait_for(both_have_some, "some wait in the worker, and most in RabbitMQ")
    installation.sandbox("PATCH", "switches", {"latency_ms": 0})
    installation.wait_for(lambda: installation.counts() == {"exported": 100}, "all are exported", seconds=240)

    assert max(seen) <= 10 + 10 // 2  # executions of one export, of which 10 at a time are in a call
    _assert_booked_once(installation, invoices)


def test_what_is_not_ours_is_dropped(installation: Installation, server: RabbitMqServer) -> None:
    """Another program's message in our queue: refused, not repeated, not quoted, and the worker goes on."""
    _start(installation)
    queue, ours = export_queue("main"), {"task": EXPORT_TASK, "id": "x"}
    server.publish(queue, b"Zqxv", content_type="application/x-python-serialize", **ours)
    server.publish(queue, b"not JSON Zqxv", **ours)
    server.publish(queue, call("Zqxv"), **ours)
    server.publish(queue, call("main-1"), task="os.system", id="Zqxv")
    server.publish(queue, call("main-1"), **ours, eta="2999-01-01T00:00:00+00:00")
    server.publish(queue, b"")
    installation.wait_for(lambda: len(installation.lines("worker-1", "foreign_message")) == 6, "all are refused")
    invoices = mixed_invoices(8)
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"exported": 8}, "all are exported")

    assert "Zqxv" not in installation.log("worker-1")


def test_a_wrong_password_is_said_with_its_next_step(tmp_path: Path, server: RabbitMqServer) -> None:
    """By intake, worker and health; nothing is taken for lost, and no password is shown."""
    wrong = server.url.replace("Password-7", "Password-8")
    with Installation(tmp_path, broker__url=wrong) as installation:
        installation.start_all()
        for name in ("intake", "worker-1"):
            installation.wait_for(lambda name=name: bool(installation.lines(name, "store_unavailable")), "it is said")  # type: ignore[misc]  # the default binds the name
            said = installation.lines(name, "store_unavailable")[0]
            assert "refuses the user or password" in said["why"]
            assert "OPTER_ECONOMIC_BROKER__URL" in said["next_step"]
            assert "Marked" not in installation.log(name)
        [found] = [part for part in installation.json("health")["parts"] if part["part"] == "Broker"]
        assert found["level"] == "unreachable"
