"""A failover by a real Sentinel in the middle of a period: the new primary lacks the last writes of the old one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.installation import SHORT_LEASES, Installation, event
from support.samples import customer, invoice, line
from support.watched_redis import WatchedRedis

INVOICES = 60
PERIOD = "main-p881"


class _Installation(Installation):
    """Its Redis is watched by Sentinel."""

    redis: WatchedRedis

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.redis = WatchedRedis(folder / "servers")

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"REDIS_URL": self.redis.address}

    @property
    def exported(self) -> int:
        return self.counts(PERIOD).get("exported", 0)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[_Installation]:
    with _Installation(tmp_path, **SHORT_LEASES, http__listing_lag_minutes="1", worker__concurrency="4") as running:
        yield running


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_a_failover_by_sentinel_loses_and_doubles_nothing(installation: _Installation) -> None:
    """By the address of the Sentinels, store, events and Celery's messages follow the new primary by themselves.

    Exports that it has never heard of are found in e-conomic; everything else goes on there.
    """
    servers = installation.redis
    installation.wait_for(servers.ready, "the replica is in step")
    installation.sandbox("PATCH", "switches", {"latency_ms": 100})
    installation.start_all(workers=2)
    known = customer(code="K1001", corporate_id=None)
    invoices = [invoice(line(f"{100 + n}.50"), invoice_number=500_000 + n, customer=known) for n in range(INVOICES)]
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.exported >= INVOICES // 4, "a quarter is exported", seconds=400)
    servers.stop_replicating()
    before = installation.exported
    installation.wait_for(lambda: installation.exported >= before + 5, "more is exported, unknown to the replica")
    old, known_to_old = servers.primary(), installation.exported
    servers.lose_primary()
    installation.wait_for(lambda: servers.primary() != old, "Sentinel has promoted the replica")
    installation.wait_for(lambda: installation.exported == INVOICES, "all are exported", seconds=600)

    booked = next(iter(installation.sandbox("GET", "state").values()))["booked"].values()
    references = sorted(document["references"]["other"] for document in booked)
    assert known_to_old > before
    assert references == sorted(f"main-{each.invoice_number}" for each in invoices)
    assert next(iter(installation.sandbox("GET", "state").values()))["drafts"] == {}
    assert installation.sandbox("GET", "findings")["findings"] == []
    for process in ("intake", "worker-1", "worker-2"):
        assert installation.running(process)
        assert "Traceback" not in installation.log(process)
