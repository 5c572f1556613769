"""A consumer killed with SIGKILL at random moments, real processes and a real server."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import redis
from support.events import event, invoices, raw

from config.names import heartbeat_key, processing_key
from worker.store.connection import StorePolicy
from worker.store.event_queue import RedisEventQueue
from worker.store.redis_store import RedisStore

PROGRAM = Path(__file__).parents[2] / "support" / "intake_process.py"
PERIODS, INVOICES = 12, 450
SEED = 20261120


def _start(redis_url: str, prefix: str, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(PROGRAM), redis_url, prefix, name])  # our own program


def _period(number: int) -> bytes:
    data = {"period": {"id": number, "name": f"p{number}", "closedAt": "2026-11-20T15:04:05Z"}}
    return raw(event(invoices(INVOICES, first=number * 1000), event_id=f"e-{number}", **data))


def test_killing_consumers_loses_and_doubles_nothing(
    redis_url: str, redis_client: redis.Redis, redis_prefix: str
) -> None:
    """Twelve periods (one of them sent twice) and two broken events; six kills, at seeded moments."""
    chance = random.Random(SEED)  # repeatability, not secrecy
    key = f"{redis_prefix}period-closed"
    context = RedisEventQueue(redis_client, queue=key, clock=time.time)
    store = RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy())
    for content in [*map(_period, range(1, PERIODS + 1)), _period(3), b"{", b"\xff"]:
        context.publish(content)

    interrupted = 0
    for victim in (f"victim{number}" for number in range(6)):
        process = _start(redis_url, redis_prefix, victim)
        _wait(lambda name=victim: redis_client.exists(heartbeat_key(key, name)))
        time.sleep(chance.uniform(0.0, 0.15))
        if interrupted == 0:
            _wait(lambda process=process, name=victim: _stopped_with_an_event(process, redis_client, key, name))
        process.kill()
        process.wait()
        interrupted += redis_client.llen(processing_key(key, victim))
    last = _start(redis_url, redis_prefix, "last")
    try:
        _wait(lambda: context.waiting() == 0 and len(context.dead()) == 2)
    finally:
        last.terminate()
        assert last.wait(60) == 0

    assert interrupted > 0, "no kill fell into the middle of an event: this run proves nothing"
    totals = [period.total for number in range(1, PERIODS + 1) if (period := store.period(f"main-p{number}"))]
    assert totals == [INVOICES] * PERIODS
    assert sum(1 for _ in store.invoices(None, None)) == INVOICES * PERIODS
    assert sorted(content for content, _ in context.dead()) == [b"{", b"\xff"]
    assert redis_client.keys(processing_key(key, "*")) == []


def _stopped_with_an_event(process: subprocess.Popen[bytes], client: redis.Redis, key: str, name: str) -> bool:
    """Stop a consumer for good if it is in the middle of an event: what it holds then, it holds when it is killed."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    if client.llen(processing_key(key, name)):
        return True
    process.send_signal(signal.SIGCONT)
    return False


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for two minutes"
        time.sleep(0.02)
