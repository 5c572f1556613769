import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
import redis
from pydantic import SecretStr
from support.clock import ManualClock
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.timing import quickest, seconds

from config.names import consumers_key, dead_key, heartbeat_key, processing_key
from config.settings_sections import Redis
from worker.errors import StoreUnavailable
from worker.intake.queue import EventQueue, EventQueueOperator, digest
from worker.store.event_queue import RedisEventQueue, event_client

HEARTBEAT = 600.0


class Both(EventQueue, EventQueueOperator, Protocol):
    """A consumer's and an operator's view in one."""


class Site:
    """A queue with any number of consumers, and a way to let them seem dead."""

    def __init__(self, queue: Callable[[str], Both], silence: Callable[[], None]) -> None:
        self.queue = queue
        self.silence = silence


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with event_client(Redis(url=SecretStr(redis_url), socket_timeout=60.0, connect_timeout=60.0)) as client:
        yield client


@pytest.fixture(params=["memory", "redis"])
def site(request: pytest.FixtureRequest, client: redis.Redis, redis_prefix: str, clock: ManualClock) -> Site:
    key = f"{redis_prefix}period-closed"
    if request.param == "redis":

        def silence() -> None:
            for name in client.zrange(consumers_key(key), 0, -1):
                client.delete(heartbeat_key(key, bytes(name).decode()))

        return Site(
            lambda name: RedisEventQueue(client, queue=key, consumer=name, heartbeat=HEARTBEAT, clock=clock), silence
        )
    events = MemoryEvents()
    return Site(
        lambda name: MemoryEventQueue(events, consumer=name, heartbeat=HEARTBEAT, clock=clock),
        lambda: clock.advance(HEARTBEAT),
    )


def test_events_come_oldest_first(site: Site) -> None:
    """First in, first out."""
    queue = site.queue("first")
    for raw in (b"1", b"2"):
        queue.publish(raw)

    taken = []
    for _ in range(2):
        raw = queue.take(0.1)
        assert raw is not None
        taken.append(raw)
        queue.acknowledge(raw)

    assert taken == [b"1", b"2"]


def test_an_event_taken_comes_again_until_it_is_acknowledged(site: Site) -> None:
    """A consumer's own list is drained before the queue is read."""
    queue = site.queue("first")
    for raw in (b"1", b"2"):
        queue.publish(raw)

    assert [queue.take(0.1), queue.take(0.1)] == [b"1", b"1"]
    queue.acknowledge(b"1")
    assert queue.take(0.1) == b"2"


@pytest.mark.timing
def test_an_empty_queue_is_waited_for(site: Site) -> None:
    """For as long as was asked, and no longer."""
    queue = site.queue("first")

    def wait() -> float:
        return seconds(lambda: taken.append(queue.take(0.2)))

    taken: list[bytes | None] = []
    assert 0.15 < quickest(wait, within=2) < 2
    assert set(taken) == {None}


def test_an_event_that_arrives_ends_the_wait(site: Site) -> None:
    """A period is taken in at once, not at the next poll."""
    queue, other = site.queue("first"), site.queue("second")
    timer = threading.Timer(0.1, other.publish, [b"1"])
    timer.start()

    assert queue.take(60) == b"1"
    timer.join()


def test_two_consumers_never_share_an_event(site: Site) -> None:
    """Each event goes to one consumer."""
    first, second = site.queue("first"), site.queue("second")
    for raw in (b"1", b"2"):
        first.publish(raw)

    assert {first.take(0.1), second.take(0.1)} == {b"1", b"2"}


def test_a_dead_consumers_events_are_taken_over_in_their_order(site: Site) -> None:
    """They go to the front of the queue, the oldest first."""
    dead, alive = site.queue("dead"), site.queue("alive")
    for raw in (b"1", b"2", b"3"):
        dead.publish(raw)
    dead.beat()
    dead.take(0.1)
    site.silence()
    alive.beat()

    assert alive.reap() == 1
    taken = []
    while (raw := alive.take(0.1)) is not None:
        taken.append(raw)
        alive.acknowledge(raw)
    assert taken == [b"1", b"2", b"3"]


def test_a_live_consumers_events_are_left_alone(site: Site) -> None:
    """Nor does a consumer take over its own."""
    first, second = site.queue("first"), site.queue("second")
    first.publish(b"1")
    first.beat()
    first.take(0.1)

    assert (second.reap(), first.reap()) == (0, 0)


def test_a_consumer_thought_dead_harms_nothing(site: Site) -> None:
    """Waking up, it finishes an event that another has taken over: the other's copy stays until it is done too."""
    slow, quick = site.queue("slow"), site.queue("quick")
    slow.publish(b"1")
    slow.beat()
    slow.take(0.1)
    site.silence()
    quick.beat()
    quick.reap()
    quick.take(0.1)

    slow.acknowledge(b"1")

    assert quick.take(0.1) == b"1"
    quick.acknowledge(b"1")
    assert quick.waiting() == 0


def test_a_leaving_consumer_gives_its_events_back(site: Site) -> None:
    """A clean stop makes nobody wait for its heartbeat to run out."""
    first, second = site.queue("first"), site.queue("second")
    first.publish(b"1")
    first.beat()
    first.take(0.1)
    first.leave()

    assert second.take(0.1) == b"1"


def test_a_postponed_event_goes_behind_the_others(site: Site) -> None:
    """What cannot be read now does not hold up what can."""
    queue = site.queue("first")
    for raw in (b"1", b"2"):
        queue.publish(raw)
    queue.beat()
    queue.take(0.1)
    queue.postpone(b"1")

    assert queue.take(0.1) == b"2"
    assert queue.waiting() == 2


@pytest.mark.parametrize("raw", [b"\xff\x00\n\r\x00", b"", b"x" * 1_000_000], ids=["binary", "empty", "large"])
def test_a_buried_event_keeps_every_byte(raw: bytes, site: Site) -> None:
    """The dead list holds what came, not a repaired form of it."""
    queue = site.queue("first")
    queue.publish(raw)
    assert queue.take(0.1) == raw
    queue.dead_letter(raw, b"why")

    assert list(queue.dead()) == [(raw, b"why")]
    assert queue.waiting() == 0


def test_a_second_refusal_replaces_the_reason(site: Site) -> None:
    """Two consumers may refuse the same event; it is in the list once."""
    queue = site.queue("first")
    for why in (b"first", b"second"):
        queue.dead_letter(b"1", why)

    assert list(queue.dead()) == [(b"1", b"second")]


def test_the_dead_are_listed_newest_first(site: Site) -> None:
    """However many there are."""
    queue = site.queue("first")
    for number in range(50):
        queue.dead_letter(b"%d" % number, b"why %d" % number)

    assert list(queue.dead()) == [(b"%d" % number, b"why %d" % number) for number in reversed(range(50))]


@pytest.mark.parametrize("end", ["acknowledge", "postpone", "dead_letter", "leave"])
def test_readings_are_counted_until_one_comes_to_an_end(end: str, site: Site) -> None:
    """Whoever reads: what is left over belongs to consumers that were killed."""
    queue = site.queue("first")
    queue.publish(b"1")
    queue.beat()
    queue.take(0.1)
    assert [queue.begin(b"1"), queue.begin(b"1"), queue.begin(b"2")] == [1, 2, 1]
    match end:
        case "dead_letter":
            queue.dead_letter(b"1", b"why")
        case "leave":
            queue.leave()
        case _:
            getattr(queue, end)(b"1")

    assert (site.queue("second").begin(b"1"), queue.begin(b"2")) == (1, 2)


def test_readings_outlive_their_consumer(site: Site) -> None:
    """A dead consumer's event is taken over with its count."""
    dead, alive = site.queue("dead"), site.queue("alive")
    dead.publish(b"1")
    dead.beat()
    dead.take(0.1)
    dead.begin(b"1")
    site.silence()
    alive.beat()
    alive.reap()

    assert alive.take(0.1) == b"1"
    assert alive.begin(b"1") == 2


def test_the_dead_are_listed_without_their_bytes(site: Site) -> None:
    """By id, with the reason."""
    queue = site.queue("first")
    for raw in (b"1", b"2"):
        queue.dead_letter(raw, b"why " + raw)

    assert sorted(queue.refused()) == sorted((digest(raw), b"why " + raw) for raw in (b"1", b"2"))


def test_one_that_was_put_there_by_hand_is_listed(client: redis.Redis, redis_prefix: str) -> None:
    """Without a reason, as none is on record."""
    key = f"{redis_prefix}period-closed"
    queue = RedisEventQueue(client, queue=key, consumer="one", clock=time.time)
    queue.dead_letter(b"1", b"why")
    client.lpush(dead_key(key), b"by hand")

    assert sorted(queue.refused()) == sorted([(digest(b"1"), b"why"), (digest(b"by hand"), b"")])


def test_what_a_person_does_with_dead_events_is_logged_with_it(client: redis.Redis, redis_prefix: str) -> None:
    """Once each; nothing is said of an event that is not there."""
    actions = f"{redis_prefix}actions"
    queue = RedisEventQueue(client, queue=f"{redis_prefix}q", consumer="one", clock=time.time, actions=actions)
    for raw in (b"1", b"2"):
        queue.dead_letter(raw, b"why")
    for _ in range(2):
        queue.discard(b"1", "discarded")
        queue.revive(b"2", "sent again")

    assert client.lrange(actions, 0, -1) == [b"discarded", b"sent again"]


def test_a_dead_event_is_discarded_once(site: Site) -> None:
    """With its reason; the others stay."""
    queue = site.queue("first")
    for raw in (b"1", b"2"):
        queue.dead_letter(raw, b"why")

    assert [queue.discard(b"1"), queue.discard(b"1")] == [True, False]
    assert (list(queue.dead()), queue.waiting()) == ([(b"2", b"why")], 0)


def test_a_dead_event_goes_back_to_the_queue_once(site: Site) -> None:
    """Its reason is forgotten, and a second command finds nothing to do."""
    queue = site.queue("first")
    queue.dead_letter(b"1", b"why")

    assert [queue.revive(b"1"), queue.revive(b"1")] == [True, False]
    assert (list(queue.dead()), queue.take(0.1)) == ([], b"1")


def test_a_consumer_that_was_frozen_in_its_wait_is_still_taken_over(client: redis.Redis, redis_prefix: str) -> None:
    """An event may reach the list of a consumer after it was taken over once; its list is read again."""
    key = f"{redis_prefix}period-closed"
    frozen = RedisEventQueue(client, queue=key, consumer="frozen", clock=time.time)
    alive = RedisEventQueue(client, queue=key, consumer="alive", clock=time.time)
    frozen.beat()
    client.delete(heartbeat_key(key, "frozen"))
    assert alive.reap() == 0
    client.lpush(processing_key(key, "frozen"), b"late")

    assert alive.reap() == 1
    assert alive.take(0.1) == b"late"


def test_a_consumer_is_forgotten_after_a_day(client: redis.Redis, redis_prefix: str, clock: ManualClock) -> None:
    """Every restart has a new name, so the set of names must not grow for ever; its events are still kept."""
    key = f"{redis_prefix}period-closed"
    old = RedisEventQueue(client, queue=key, consumer="old", clock=clock)
    alive = RedisEventQueue(client, queue=key, consumer="alive", clock=clock)
    old.publish(b"1")
    old.beat()
    old.take(0.1)
    client.delete(heartbeat_key(key, "old"))
    clock.advance(24 * 3600 + 1)
    alive.beat()

    assert alive.reap() == 1
    assert client.zrange(consumers_key(key), 0, -1) == [b"alive"]


def test_a_server_that_is_gone_is_an_unavailable_store() -> None:
    """Nothing above the adapter knows redis' errors."""
    with event_client(Redis(url=SecretStr("redis://127.0.0.1:1/0"), socket_timeout=2.0, connect_timeout=0.2)) as client:
        queue = RedisEventQueue(client, queue="q", consumer="first", clock=time.time)

        with pytest.raises(StoreUnavailable):
            queue.take(0.1)


def test_events_in_hand_are_passed_over_in_the_own_list(site: Site) -> None:
    """The oldest that is not in hand comes first, however it got into the list; the queue is read after it."""
    queue = site.queue("first")
    for raw in (b"1", b"2", b"3"):
        queue.publish(raw)

    assert queue.take(0.1) == b"1"
    assert queue.take(0.1, besides=frozenset({b"1"})) == b"2"
    assert queue.take(0.1, besides=frozenset({b"1"})) == b"2"
    assert queue.take(0.1, besides=frozenset({b"1", b"2"})) == b"3"
    assert queue.take(0.05, besides=frozenset({b"1", b"2", b"3"})) is None
    queue.acknowledge(b"2")
    assert queue.take(0.1, besides=frozenset({b"3"})) == b"1"


def test_readings_are_looked_at_without_counting(site: Site) -> None:
    """Whether an event has to be read alone is known before its reading begins."""
    queue = site.queue("first")

    assert queue.readings(b"1") == 0
    queue.begin(b"1")
    assert (queue.readings(b"1"), queue.readings(b"1"), queue.readings(b"2")) == (1, 1, 0)
