"""Seeded faults for a running installation: one action after the other, each undone after a while."""

import json
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import redis
from support.chaos.cluster import LEASE, Cluster

from config.names import export_queue, preflight_queue, processing_key, recovery_queue

_EVENTS = "opter:period-closed"
QUEUES = (export_queue("main"), preflight_queue("main"), recovery_queue("main"))
_JUNK_EVENTS = (b"not json", b"{}", b'{"specversion":"1.0"}', b"\xff\xfe\x00", b"[1,2,3]", b'"text"')
_JUNK_MESSAGES = (b"not json", b"{}", b'{"event":"hello"}', b"[]", b"\xff\xfe", b'{"body":"e30=","properties":{}}')


@dataclass(kw_only=True)
class FaultInjector:
    """Injects faults for some seconds, then puts everything back."""

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
    #: What else may happen, and what must, by the part of the time after which it does; see ``support.chaos.hazards``.
    more: Sequence["Action"] = ()
    planned: Sequence[tuple[float, "Action"]] = ()
    #: What was done, for whoever repeats the run.
    actions: list[str] = field(default_factory=list)
    wiped: int = 0

    def inject(self, seconds: float) -> None:
        """Inject faults for so many seconds."""
        chance, began = random.Random(self.seed), time.monotonic()
        left = sorted(self.planned, key=lambda planned: planned[0])
        while (passed := (time.monotonic() - began) / seconds) < 1 or left:
            due = left and left[0][0] <= passed
            self._do(left.pop(0)[1] if due else chance.choice((*_ACTIONS, *self.more)), chance)
            time.sleep(chance.uniform(0.2, 1.0))

    def _do(self, action: "Action", chance: random.Random) -> None:
        self.actions.append(action.__name__.lstrip("_"))
        action(self, chance)
        self.cluster.tend()

    def stop(self) -> None:
        """Put everything back, send what was held back, start what is down."""
        for way in self.cluster.ways:
            way.restore()
        for event in self.later:
            self.cluster.push(event)
        self.later.clear()
        self.cluster.sandbox("DELETE", "faults")
        self.cluster.sandbox("PATCH", "switches", {"shifts": 0})
        self.cluster.sandbox("PATCH", f"agreements/{self.cluster.number()}", {"revoked": False})
        self.cluster.tend()
        self.resume()

    def resume(self) -> None:
        """What an operator does after a revoked token."""
        self.cluster.store.resume("main")

    def send_again(self) -> None:
        """What Opter's side does when Redis was lost."""
        for event in self.events:
            if event not in self.later:
                self.cluster.push(event)

    def service(self, chance: random.Random) -> str:
        return chance.choice(self.cluster.services)

    def fault(self, **fault: Any) -> None:
        self.cluster.sandbox("POST", "faults", fault)


def _kill(injector: FaultInjector, chance: random.Random) -> None:
    name = injector.service(chance)
    if injector.cluster.running(name):
        injector.cluster.kill(name, signal.SIGKILL)


def _terminate(injector: FaultInjector, chance: random.Random) -> None:
    name = injector.service(chance)
    if injector.cluster.running(name):
        injector.cluster.send_signal(name, signal.SIGTERM)


def _freeze(injector: FaultInjector, chance: random.Random) -> None:
    """Longer than the lease, so that others take over before it wakes up."""
    name = injector.service(chance)
    if injector.cluster.running(name):
        injector.cluster.freeze(name)
        time.sleep(LEASE + chance.uniform(0.5, 2.0))
        injector.cluster.thaw(name)


def _kill_redis(injector: FaultInjector, chance: random.Random) -> None:
    injector.cluster.redis.kill()
    time.sleep(chance.uniform(0.0, 2.0))
    injector.cluster.redis.start()


def _network(injector: FaultInjector, chance: random.Random) -> None:
    """Cut, refuse, delay or swallow, towards Redis, e-conomic, or a broker of its own."""
    proxy = chance.choice(injector.cluster.ways)
    how = chance.choice(("cut", "refuse", "delay", "swallow"))
    if how == "cut":
        proxy.cut()
        return
    proxy.refuses, proxy.swallows, proxy.delay = how == "refuse", how == "swallow", 0.05 * (how == "delay")
    if how == "refuse":
        proxy.cut()
    time.sleep(chance.uniform(0.5, 5.0))
    proxy.restore()


def _storm(injector: FaultInjector, chance: random.Random) -> None:
    """429 to half of the calls."""
    injector.fault(status=429, retry_after=1, probability=0.5, times=chance.randint(5, 40), seed=injector.seed)


def _outage(injector: FaultInjector, chance: random.Random) -> None:
    injector.fault(status=503, times=chance.randint(5, 30))


def _lost_replies(injector: FaultInjector, chance: random.Random) -> None:
    """Processed, but the answer is cut, garbled or a 500."""
    how = chance.choice(({"action": "drop"}, {"action": "half"}, {"action": "garbage"}, {"status": 500}))
    route = chance.choice(injector.writes)
    injector.fault(route=route, when="after", probability=0.5, times=chance.randint(1, 8), seed=injector.seed, **how)


def _shift_pages(injector: FaultInjector, chance: random.Random) -> None:
    """Small pages, and somebody moves entries while they are read."""
    shifts = chance.randint(1, 5)
    injector.cluster.sandbox("PATCH", "switches", {"largest_page": 10, "shifts": shifts, "shift_by": "front"})


def _lag(injector: FaultInjector, chance: random.Random) -> None:
    """Listings show what was written only after some seconds."""
    injector.cluster.sandbox("PATCH", "switches", {"listing_lag": chance.choice((2.0, 8.0, 20.0))})


def _revoke(injector: FaultInjector, chance: random.Random) -> None:
    address = f"agreements/{injector.cluster.number()}"
    injector.cluster.sandbox("PATCH", address, {"revoked": True})
    time.sleep(chance.uniform(0.5, 1.5))
    injector.cluster.sandbox("PATCH", address, {"revoked": False})
    injector.resume()


def _repeat_event(injector: FaultInjector, chance: random.Random) -> None:
    injector.cluster.push(chance.choice(injector.events))


def _kill_in_an_event(injector: FaultInjector, chance: random.Random) -> None:
    """Kill -9 of the intake with an event in hand, one that comes again: whoever reads it next goes on."""
    if not injector.cluster.running("intake"):
        return
    _repeat_event(injector, chance)
    with injector.cluster.client() as client, suppress(redis.RedisError):
        for _ in range(200):
            if any(client.llen(key) for key in client.scan_iter(processing_key(_EVENTS, "*"))):
                injector.cluster.kill("intake", signal.SIGKILL)
                return
            time.sleep(0.002)


def _late_event(injector: FaultInjector, chance: random.Random) -> None:
    if injector.later:
        injector.cluster.push(injector.later.pop(chance.randrange(len(injector.later))))


def _junk_event(injector: FaultInjector, chance: random.Random) -> None:
    injector.cluster.push(chance.choice(_JUNK_EVENTS))
    broken = json.dumps(chance.choice(injector.events)).encode()
    injector.cluster.push(broken[: chance.randrange(len(broken))])


def _junk_message(injector: FaultInjector, chance: random.Random) -> None:
    """Hand-made junk in Celery's queues: what is not JSON ends the worker that meets it; it is started again."""
    injector.cluster.put_message(chance.choice(QUEUES), chance.choice(_JUNK_MESSAGES))


def _lose_messages(injector: FaultInjector, _: random.Random) -> None:
    injector.cluster.lose_messages(*QUEUES)


def _wipe(injector: FaultInjector, _: random.Random) -> None:
    """Everything in Redis is gone; Opter's side sends its events again."""
    if not injector.wipes or injector.wiped:
        return
    injector.wiped += 1
    with injector.cluster.client() as client:
        client.flushall()
    injector.send_again()


#: Does one thing to the installation.
Action = Callable[[FaultInjector, random.Random], None]
_ACTIONS: tuple[Action, ...] = (
    *(_kill, _kill, _terminate, _freeze, _kill_redis, _network, _network, _storm, _outage, _lost_replies),
    *(
        _lost_replies,
        _revoke,
        _repeat_event,
        _kill_in_an_event,
        _late_event,
        _junk_event,
        _junk_message,
        _lose_messages,
        _wipe,
        _shift_pages,
        _lag,
    ),
)
