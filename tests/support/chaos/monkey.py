"""The monkey: seeded trouble for a running installation, one deed after the other, each undone after a while."""

import json
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.chaos.cluster import LEASE, Cluster

from config.names import export_queue, preflight_queue, queue_key, recovery_queue

_EVENTS = "opter:period-closed"
_PREFIX = "opter-economic:"
_QUEUES = (export_queue("main"), preflight_queue("main"), recovery_queue("main"))
_JUNK_EVENTS = (b"not json", b"{}", b'{"specversion":"1.0"}', b"\xff\xfe\x00", b"[1,2,3]", b'"text"')
_JUNK_MESSAGES = (b"not json", b"{}", b'{"event":"hello"}', b"[]", b"\xff\xfe", b'{"body":"e30=","properties":{}}')


@dataclass(kw_only=True)
class Monkey:
    """Does harm for some seconds, then puts everything back."""

    cluster: Cluster
    seed: int
    #: Every event of the run; sent again when Redis has been emptied.
    events: Sequence[dict[str, Any]]
    #: Events that are still to come.
    later: list[dict[str, Any]]
    #: Routes whose answers may get lost.
    writes: Sequence[str]
    #: Whether Redis may be emptied.
    wipes: bool = True
    #: What was done, for whoever repeats the run.
    deeds: list[str] = field(default_factory=list)
    wiped: int = 0

    def rage(self, seconds: float) -> None:
        """Do harm for so long."""
        chance, until = random.Random(self.seed), time.monotonic() + seconds
        while time.monotonic() < until:
            deed = chance.choice(_DEEDS)
            self.deeds.append(deed.__name__.lstrip("_"))
            deed(self, chance)
            self.cluster.tend()
            time.sleep(chance.uniform(0.2, 1.0))

    def relent(self) -> None:
        """Put everything back, send what was held back, start what is down."""
        self.cluster.to_redis.restore()
        self.cluster.to_economic.restore()
        for event in self.later:
            self.cluster.push(event)
        self.later.clear()
        self.cluster.sandbox("DELETE", "faults")
        self.cluster.sandbox("PATCH", f"agreements/{self.cluster.number()}", {"revoked": False})
        self.cluster.tend()
        self.resume()

    def resume(self) -> None:
        """What an operator does after a revoked token."""
        self.cluster.store.resume("main")

    def service(self, chance: random.Random) -> str:
        return chance.choice(self.cluster.services)

    def fault(self, **fault: Any) -> None:
        self.cluster.sandbox("POST", "faults", fault)


def _kill(monkey: Monkey, chance: random.Random) -> None:
    name = monkey.service(chance)
    if monkey.cluster.running(name):
        monkey.cluster.kill(name, signal.SIGKILL)


def _terminate(monkey: Monkey, chance: random.Random) -> None:
    name = monkey.service(chance)
    if monkey.cluster.running(name):
        monkey.cluster.send_signal(name, signal.SIGTERM)


def _freeze(monkey: Monkey, chance: random.Random) -> None:
    """Longer than the lease, so that others take over before it wakes up."""
    name = monkey.service(chance)
    if monkey.cluster.running(name):
        monkey.cluster.freeze(name)
        time.sleep(LEASE + chance.uniform(0.5, 2.0))
        monkey.cluster.thaw(name)


def _kill_redis(monkey: Monkey, chance: random.Random) -> None:
    monkey.cluster.redis.kill()
    time.sleep(chance.uniform(0.0, 2.0))
    monkey.cluster.redis.start()


def _network(monkey: Monkey, chance: random.Random) -> None:
    """Cut, refuse, delay or swallow, towards Redis or e-conomic."""
    proxy = chance.choice((monkey.cluster.to_redis, monkey.cluster.to_economic))
    how = chance.choice(("cut", "refuse", "delay", "swallow"))
    if how == "cut":
        proxy.cut()
        return
    proxy.refuses, proxy.swallows, proxy.delay = how == "refuse", how == "swallow", 0.05 * (how == "delay")
    if how == "refuse":
        proxy.cut()
    time.sleep(chance.uniform(0.5, 5.0))
    proxy.restore()


def _storm(monkey: Monkey, chance: random.Random) -> None:
    """429 to half of the calls."""
    monkey.fault(status=429, retry_after=1, probability=0.5, times=chance.randint(5, 40), seed=monkey.seed)


def _outage(monkey: Monkey, chance: random.Random) -> None:
    monkey.fault(status=503, times=chance.randint(5, 30))


def _lost_replies(monkey: Monkey, chance: random.Random) -> None:
    """Processed, but the answer is cut, garbled or a 500."""
    how = chance.choice(({"action": "drop"}, {"action": "half"}, {"action": "garbage"}, {"status": 500}))
    route = chance.choice(monkey.writes)
    monkey.fault(route=route, when="after", probability=0.5, times=chance.randint(1, 8), seed=monkey.seed, **how)


def _revoke(monkey: Monkey, chance: random.Random) -> None:
    address = f"agreements/{monkey.cluster.number()}"
    monkey.cluster.sandbox("PATCH", address, {"revoked": True})
    time.sleep(chance.uniform(0.5, 1.5))
    monkey.cluster.sandbox("PATCH", address, {"revoked": False})
    monkey.resume()


def _repeat_event(monkey: Monkey, chance: random.Random) -> None:
    monkey.cluster.push(chance.choice(monkey.events))


def _late_event(monkey: Monkey, chance: random.Random) -> None:
    if monkey.later:
        monkey.cluster.push(monkey.later.pop(chance.randrange(len(monkey.later))))


def _junk_event(monkey: Monkey, chance: random.Random) -> None:
    monkey.cluster.push(chance.choice(_JUNK_EVENTS))
    broken = json.dumps(chance.choice(monkey.events)).encode()
    monkey.cluster.push(broken[: chance.randrange(len(broken))])


def _junk_message(monkey: Monkey, chance: random.Random) -> None:
    """Hand-made rubbish in Celery's queues: what is not JSON ends the worker that meets it; it is started again."""
    with monkey.cluster.client() as client:
        queue = chance.choice(_QUEUES)
        client.lpush(queue_key(_PREFIX, queue), chance.choice(_JUNK_MESSAGES))


def _lose_messages(monkey: Monkey, _: random.Random) -> None:
    with monkey.cluster.client() as client:
        for queue in _QUEUES:
            client.delete(queue_key(_PREFIX, queue))


def _wipe(monkey: Monkey, _: random.Random) -> None:
    """Everything in Redis is gone; Opter's side sends its events again."""
    if not monkey.wipes or monkey.wiped:
        return
    monkey.wiped += 1
    with monkey.cluster.client() as client:
        client.flushall()
    for event in monkey.events:
        if event not in monkey.later:
            monkey.cluster.push(event)


_DEEDS: tuple[Callable[[Monkey, random.Random], None], ...] = (
    *(_kill, _kill, _terminate, _freeze, _kill_redis, _network, _network, _storm, _outage, _lost_replies),
    *(_lost_replies, _revoke, _repeat_event, _late_event, _junk_event, _junk_message, _lose_messages, _wipe),
)
