"""The schema of the store: a new one declares it, an older one is migrated step by step, a newer one is left alone."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from support.installation import Installation, event
from support.samples import mixed_invoices
from support.store.batch_rules import die

from worker.domain.store_port import Store
from worker.domain.store_schema import CURRENT, StoreSchema
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore
from worker.store.schema import STEPS, RedisSchema, Step, index_periods, migrate


class Killed(Exception):
    """Stands for a kill -9 between two commands."""


def _schema(client: redis.Redis, prefix: str) -> RedisSchema:
    return RedisSchema(client, prefix=prefix, policy=StorePolicy())


def test_a_new_store_has_the_programs_schema_and_a_used_one_keeps_its_own(
    redis_client: redis.Redis, redis_prefix: str
) -> None:
    """A store with records and no schema was begun before there were versions."""
    schema = _schema(redis_client, redis_prefix)
    assert schema.schema() == StoreSchema(version=1, needs=1)
    assert schema.declare() == StoreSchema(version=CURRENT, needs=1)
    redis_client.delete(f"{redis_prefix}schema")
    die(RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy()), 1)

    assert schema.declare() == StoreSchema(version=1, needs=1)


def test_a_migration_cut_anywhere_is_gone_on_with(redis_client: redis.Redis, redis_prefix: str) -> None:
    """At each step and within it; what was done is done again without harm, and the version says how far it came."""
    store = RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy())
    die(store, *range(1, 4))
    schema, [period] = _schema(redis_client, redis_prefix), store.periods()
    sums = store.period_sums(period.id)
    done: list[str] = []

    def cut_after(count: int) -> Callable[[Store, Callable[[int, int], None]], None]:
        def run(on: Store, say: Callable[[int, int], None]) -> None:
            index_periods(on, say)
            done.append("indexed")
            if len(done) <= count:
                raise Killed

        return run

    steps = [
        Step(version=2, needs=1, meaning="index", run=cut_after(1)),
        Step(version=3, needs=1, meaning="again", run=cut_after(4)),
    ]
    reached = []
    for _ in range(2):
        with pytest.raises(Killed):
            migrate(store, schema, steps=steps)
        reached.append(schema.schema().version)
    with pytest.raises(Killed):
        migrate(store, schema, steps=steps)
    final = migrate(store, schema, steps=steps)

    assert reached == [1, 2]
    assert final == StoreSchema(version=3, needs=1)
    assert store.period_sums(period.id) == sums
    assert migrate(store, schema, steps=steps) == final
    assert [step.version for step in STEPS] == list(range(2, CURRENT + 1))


def test_an_older_store_is_migrated_while_it_is_used(tmp_path: Path) -> None:
    """The command says what there is to do, does it, and has nothing to do the second time."""
    with Installation(tmp_path) as installation, installation.client() as client:
        invoices = mixed_invoices(8)
        installation.start_all()
        installation.push(event(*invoices))
        installation.wait_for(lambda: installation.counts() == {"exported": 8}, "all are exported")
        client.delete("opter-economic:schema", "opter-economic:search:main-p881")
        before = installation.command("migrate", "--check", expect=(1,))
        installation.command("migrate", expect=(0,))

        assert "1 → 2: index every period" in before
        assert "nothing to do" in installation.command("migrate", "--check", expect=(0,))
        [found] = [part for part in installation.json("health")["parts"] if part["part"] == "Schema"]
        assert found["text"] == str(CURRENT)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """Processes that run end in order and take nothing more; none starts, and each says why."""
    with Installation(tmp_path) as installation, installation.client() as client:
        installation.start_all()
        installation.wait_for(lambda: "ready." in installation.log("worker-1"), "the worker is ready")
        client.hset("opter-economic:schema", mapping={"version": CURRENT + 1, "needs": CURRENT + 1})
        for name in ("worker-1", "intake"):
            installation.wait_for(lambda name=name: not installation.running(name), f"{name} has ended")  # type: ignore[misc]  # the default binds the name
            assert installation.lines(name, "store_newer")
        installation.push(event(*mixed_invoices(3)))
        command = [sys.executable, "-P", "-m", "worker", "worker"]
        refused = subprocess.run(
            command,
            env=installation.environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

        assert refused.returncode == 2
        assert "newer version of this program" in " ".join((refused.stdout + refused.stderr).split())
        assert client.llen("opter:period-closed") == 1
        assert installation.sandbox("GET", "requests")["requests"] == []
