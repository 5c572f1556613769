"""What some runs with real processes suffer besides: wrong bodies, clocks that differ, a store that is young or old."""

import json
import random
import shutil
import signal
from dataclasses import dataclass
from typing import Any

from support.chaos.fault_injector import QUEUES, Action, FaultInjector

#: Seconds by which the own clock of a process is ahead of the others', or behind.
_SKEWS = (70.0, 600.0, 7200.0, -70.0, -600.0, -7200.0)
#: Bodies about nothing of ours.
_FOREIGN: tuple[Any, ...] = (None, {}, [], {"status": "ok", "id": 1}, "ok")
#: Where Redis keeps its append-only file.
_FILES = "appendonlydir"


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One of them."""

    name: str
    #: What may happen at any time, each as likely as one of the other faults.
    actions: tuple[Action, ...] = ()
    #: What happens, by the part of the time after which it does.
    planned: tuple[tuple[float, Action], ...] = ()


def _wrong_bodies(injector: FaultInjector, chance: random.Random) -> None:
    """Writes answered with a success about somebody else, about nothing, or carried out by nobody."""
    agreement = injector.cluster.agreement()
    others = [body for kind in ("customers", "drafts", "booked") for body in agreement[kind].values()]
    others += [[voucher] for voucher in agreement["vouchers"].values()]
    for _ in range(chance.randint(1, 4)):
        body = chance.choice(others if chance.random() < 0.6 else _FOREIGN)
        injector.fault(
            route=chance.choice([route for route in injector.writes if route != "*"]),
            action="body",
            body=json.loads(json.dumps(body)),
            when=chance.choice(("before", "after")),
            probability=0.5,
            times=chance.randint(1, 3),
            seed=injector.seed,
        )


def _other_clock(injector: FaultInjector, chance: random.Random) -> None:
    """A process starts again, and its clock has jumped: away from the others', or back to them."""
    name = injector.service(chance)
    injector.cluster.ahead[name] = chance.choice((*_SKEWS, 0.0))
    if injector.cluster.running(name):
        injector.cluster.kill(name, signal.SIGKILL)


def _emptied(injector: FaultInjector, _: random.Random) -> None:
    """Redis is emptied, and Opter's side sends everything again."""
    injector.wiped += 1
    with injector.cluster.client() as client:
        client.flushall()
    injector.send_again()


def _copied(injector: FaultInjector, _: random.Random) -> None:
    """An operator's copy of Redis' files."""
    injector.wipes = False  # or the copy is older than the events
    source = injector.cluster.redis.data_dir / _FILES
    shutil.copytree(source, injector.cluster.folder / "copy", dirs_exist_ok=True)


def _restored(injector: FaultInjector, chance: random.Random) -> None:
    """Redis comes back with the files of the copy, under running processes or dead ones; the events come again."""
    injector.wiped += 1
    cluster, dead = injector.cluster, chance.random() < 0.5
    for name in cluster.services if dead else ():
        if cluster.running(name):
            cluster.kill(name, signal.SIGKILL)
    cluster.redis.kill()
    shutil.rmtree(cluster.redis.data_dir / _FILES)
    shutil.copytree(cluster.folder / "copy", cluster.redis.data_dir / _FILES)
    cluster.redis.start()
    injector.send_again()


def _broker_killed(injector: FaultInjector, _: random.Random) -> None:
    """RabbitMQ dies and comes back: its queues are there, what was in them is not."""
    rabbitmq = injector.cluster.rabbitmq
    assert rabbitmq
    rabbitmq.kill()
    rabbitmq.start()


def _broker_emptied(injector: FaultInjector, _: random.Random) -> None:
    """RabbitMQ comes back with nothing, as a new machine does."""
    assert injector.cluster.rabbitmq
    injector.cluster.rabbitmq.wipe()


def _queue_deleted(injector: FaultInjector, chance: random.Random) -> None:
    assert injector.cluster.rabbitmq
    injector.cluster.rabbitmq.delete(chance.choice(QUEUES))


WRONG_BODIES = Hazard(name="wrong bodies", actions=(_wrong_bodies,) * 4, planned=((0.1, _wrong_bodies),))
CLOCKS = Hazard(name="clocks that differ", actions=(_other_clock,) * 4, planned=((0.05, _other_clock),))
EMPTIED = Hazard(name="a store emptied in mid-period", planned=((0.5, _emptied),))
RESTORED = Hazard(name="an older store restored in mid-period", planned=((0.15, _copied), (0.6, _restored)))

#: The run's messages go through RabbitMQ, which needs some ten seconds to come back.
RABBITMQ = Hazard(
    name="RabbitMQ as the broker",
    actions=(_queue_deleted,),
    planned=((0.1, _queue_deleted), (0.3, _broker_killed), (0.7, _broker_emptied)),
)


def of_seed(seed: int) -> tuple[Hazard, ...]:
    """Return the hazards of a run: wrong bodies and clocks always, and one of the two stores."""
    return WRONG_BODIES, CLOCKS, EMPTIED if seed % 2 else RESTORED
