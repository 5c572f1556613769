"""What is kept of events accepted by HTTP: Redis and its double by one set of rules; and a page that is killed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import redis
from support.clock import ManualClock
from support.events import event, raw
from support.installation import free_port
from support.memory_posted import MemoryPostedEvents
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.store.echo import EchoingRedis

from worker.domain.posted_event import PostedEvent, PostedEvents
from worker.forward.signing import signed
from worker.store.connection import StorePolicy
from worker.store.event_queue import RedisEventQueue
from worker.store.posted_events import RedisPostedEvents

FIRST = PostedEvent(
    id="i", export="main", event_key="s#e", period_id="main-p1", content="first", sha256="0" * 64, at=1_800_000_000.0
)
OTHER = replace(FIRST, content="other", sha256="1" * 64)
SECRET = b"0123456789abcdef0123456789abcdef"


@dataclass
class Place:
    posted: PostedEvents
    queue: MemoryEventQueue | RedisEventQueue
    clock: ManualClock

    def raws(self) -> set[bytes]:
        """What is on the queue, doubles counted once: the intake knows them."""
        found = set()
        while (taken := self.queue.take(0.01)) is not None:
            found.add(taken)
            self.queue.acknowledge(taken)
        return found


@pytest.fixture(params=["memory", "once", "twice"])
def place(request: pytest.FixtureRequest, redis_url: str, redis_prefix: str, clock: ManualClock) -> Iterator[Place]:
    if request.param == "memory":
        queue = MemoryEventQueue(MemoryEvents(), consumer="one")
        yield Place(posted=MemoryPostedEvents(queue, clock=clock), queue=queue, clock=clock)
        return
    driver = redis.Redis if request.param == "once" else EchoingRedis
    with driver.from_url(redis_url) as client:
        name = f"{redis_prefix}events"
        posted = RedisPostedEvents(client, prefix=redis_prefix, queue=name, policy=StorePolicy(), clock=clock)
        yield Place(posted=posted, queue=RedisEventQueue(client, queue=name, consumer="one", clock=clock), clock=clock)


def test_an_event_is_put_on_the_queue_and_kept(place: Place) -> None:
    """Both together; bytes are as they came, and its time is the first one's whenever it comes again."""
    content = 'æ"\\u0000'.encode()
    place.posted.accept(FIRST, content)
    place.clock.advance(60)
    again = place.posted.accept(FIRST, b"in other words")

    assert (again.outcome, again.first) == ("known", FIRST)
    assert place.posted.posted("i") == FIRST
    assert place.posted.posted("j") is None
    assert place.raws() == {content}


def test_other_content_is_refused_unless_it_replaces_what_is_there(place: Place) -> None:
    """Compared and set in one step, so that of two senders one is refused."""
    place.posted.accept(FIRST, b"1")
    refused = place.posted.accept(OTHER, b"2")
    assert (refused.outcome, refused.first, place.raws()) == ("conflict", FIRST, {b"1"})
    assert place.posted.accept(OTHER, b"2", over="stale").outcome == "conflict"
    place.clock.advance(60)

    assert place.posted.accept(OTHER, b"2", over="first").outcome != "conflict"
    assert place.posted.posted("i") == replace(OTHER, at=FIRST.at + 60)
    assert place.raws() == {b"2"}


def test_the_same_content_goes_on_the_queue_again_on_demand(place: Place) -> None:
    """As for an event that a person has discarded; when it came first stays."""
    place.posted.accept(FIRST, b"1")
    place.raws()
    place.clock.advance(60)
    place.posted.accept(FIRST, b"1", over="first")

    assert (place.raws(), place.posted.posted("i")) == ({b"1"}, FIRST)


def test_the_reasons_of_a_refused_event_are_found_by_its_bytes(place: Place) -> None:
    """And gone with it."""
    event_bytes, sha256 = b"1", "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    place.queue.publish(event_bytes)
    assert place.queue.take(0.01) == event_bytes
    place.queue.dead_letter(event_bytes, b"why")
    assert place.posted.refusal(sha256) == b"why"
    place.queue.discard(event_bytes)

    assert place.posted.refusal(sha256) is None


@pytest.mark.timeout(100)
def test_what_was_accepted_survives_the_death_of_the_page(redis_url: str, redis_prefix: str, tmp_path: Path) -> None:
    """Killed while it takes events: each that got its 202 is on the queue, in the very bytes."""
    queue, port = f"{redis_prefix}events", free_port()
    accepted: list[bytes] = []
    page = _start_page(tmp_path, redis_url, redis_prefix, queue, port)
    try:
        enough = threading.Event()
        sender = threading.Thread(target=_send_until_it_dies, args=(f"http://127.0.0.1:{port}", accepted, enough))
        sender.start()
        assert enough.wait(60), "the page took no events"
        page.kill()
        sender.join(60)
    finally:
        page.kill()
        page.wait()

    with redis.Redis.from_url(redis_url) as client:
        kept = client.lrange(queue, 0, -1)
    assert len(accepted) >= 30
    assert set(accepted) <= set(kept)


def _send_until_it_dies(address: str, accepted: list[bytes], enough: threading.Event) -> None:
    target, number = "/events?export=main", 0
    with httpx.Client(base_url=address) as client:
        _await_page(client)
        while True:
            number += 1
            content = raw(event(event_id=f"e-{number}"))
            headers = signed(SECRET, method="POST", target=target, now=time.time(), body=content)
            try:
                answer = client.post(target, content=content, headers=headers | {"Content-Type": "application/json"})
            except httpx.HTTPError:
                return
            assert answer.status_code == 202, answer.text
            accepted.append(content)
            if len(accepted) >= 30:
                enough.set()


def _await_page(client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.get("/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)


def _start_page(folder: Path, redis_url: str, prefix: str, queue: str, port: int) -> subprocess.Popen[bytes]:
    (folder / "secret").write_bytes(SECRET)
    (folder / "exports.toml").write_text(
        '[exports.main]\ngrant_token_env = "GRANT"\napp_secret_token_env = "APP"\n'
        "[exports.main.customers]\ngroup = 1\nlayout = 1\n"
        f'[exports.main.source]\nhttp_secret_file = "{folder}/secret"\n'
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OPTER_ECONOMIC_")}
    environment = clean | {
        "GRANT": "sandbox-grant",
        "APP": "sandbox-app",
        "REDIS_URL": redis_url,
        "OPTER_ECONOMIC_EXPORTS_FILE": str(folder / "exports.toml"),
        "OPTER_ECONOMIC_REDIS__PREFIX": prefix,
        "OPTER_ECONOMIC_INTAKE__QUEUE": queue,
        "OPTER_ECONOMIC_WEB__REQUESTS_PER_MINUTE": "1000000",
    }
    command = [sys.executable, "-P", "-m", "uvicorn", "--factory", "worker.web.app:from_environment"]
    options = [f"--port={port}", "--no-access-log", "--log-level=warning"]
    with (folder / "page.log").open("wb") as log:
        return subprocess.Popen([*command, *options], env=environment, cwd=folder, stdout=log, stderr=log)
