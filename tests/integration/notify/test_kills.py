"""Messages under kills of real processes, with Redis, a mail server and a webhook that are real, too."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from support.receivers import Mailbox, Webhook, mailbox, webhook
from support.store import steps
from support.store.batch_rules import die

from worker.domain.reasons import ProcessReason, failure
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Seconds that anything may take on a busy machine.
PATIENCE = 90.0
DOUBT = "You may have got this message before"
#: Pauses that are told, each with its end.
ROUNDS = 5
TESTS = Path(__file__).parents[2]
SEEDS = range(int(os.environ.get("FIRST", "1")), int(os.environ.get("FIRST", "1")) + int(os.environ.get("SEEDS", "2")))


class Teller:
    """The process, started again and again."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None
        self.log = b""

    def start(self) -> None:
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        command = [sys.executable, "-m", "support.notify_process", *self._arguments]
        self.process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, cwd=TESTS)

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE)


@pytest.fixture
def store(redis_client: redis.Redis, redis_prefix: str) -> RedisStore:
    return RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy())


@pytest.fixture
def ends() -> Iterator[tuple[Mailbox, Webhook]]:
    with mailbox() as box, webhook() as hook:
        yield box, hook


@pytest.fixture
def teller(redis_url: str, redis_prefix: str, ends: tuple[Mailbox, Webhook]) -> Iterator[Teller]:
    box, hook = ends
    mail = f"mailto://127.0.0.1:{box.port}?from=o@h.example&to=a@b.example&mode=insecure"
    process = Teller(redis_url, redis_prefix, mail, f"json://127.0.0.1:{hook.port}")
    yield process
    process.kill()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def notified(store: RedisStore) -> bool:
    pause = store.known().open.get("paused:main")
    return pause is not None and pause.notified


def nothing_waits(store: RedisStore) -> bool:
    return not any(state.waiting for state in store.channel_states([]))


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_double_nothing_and_lose_nothing(
    store: RedisStore, ends: tuple[Mailbox, Webhook], teller: Teller, seed: int
) -> None:
    """Killed at moments of chance while things happen: each is told, and once to whoever knows a repeat by its id.

    What a reader gets twice bears the same id and says that it may be a repeat, and no more often than was killed.
    """
    chance, (box, hook) = random.Random(seed), ends
    teller.start()
    wait_for(lambda: not store.known().first, "the first look")
    kills = 0
    for number in range(1, ROUNDS + 1):
        store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
        # Seen before it is lifted again: what nobody saw is nobody's news.
        if chance.random() < 0.6:
            time.sleep(chance.random() * 0.2)
            teller.kill()
            kills += 1
            teller.start()
        wait_for(lambda: notified(store), f"pause {number} is told")
        store.resume("main")
        wait_for(lambda: "paused:main" not in store.known().open, f"the end of pause {number} is told")
    wait_for(lambda: nothing_waits(store), "everything is sent")
    teller.kill()

    mails = dict(zip(box.ids(), box.texts(), strict=True))
    hooks = {key: str(body["message"]) for key, body in hook.taken}
    paused, over = ("Eksporten main er sat på pause\n", "Eksporten main fortsætter\n"), ("is paused\n", "goes on\n")
    for texts, (begins, ends_) in ((mails, paused), (hooks, over)):
        text = "\n".join(texts.values())
        assert (text.count(begins), text.count(ends_)) == (ROUNDS, ROUNDS)
    for keys, texts in ((box.ids(), box.texts()), (hook.keys(), [str(body["message"]) for _, body in hook.taken])):
        repeats = [text for at, (key, text) in enumerate(zip(keys, texts, strict=True)) if key in keys[:at]]
        assert len(repeats) <= kills
        assert all(DOUBT in text or "Du har måske fået denne besked før" in text for text in repeats)


def test_killed_between_acceptance_and_record_says_so(
    store: RedisStore, ends: tuple[Mailbox, Webhook], teller: Teller
) -> None:
    """The one moment in which nobody can know: the receiver has taken it, and its answer is lost with the process."""
    box, hook = ends
    teller.start()
    wait_for(lambda: not store.known().first, "the first look")
    # The receiver takes the message, and the process that would record it stops answering before it can.
    hook.lock.acquire()
    store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    wait_for(lambda: len(box.mails) == 1, "the mail")
    wait_for(lambda: any(state.waiting for state in store.channel_states(["main:c0"])), "the webhook is called")
    time.sleep(0.5)
    teller.kill()
    hook.lock.release()
    wait_for(lambda: len(hook.taken) == 1, "it was taken all the same")
    teller.start()
    wait_for(lambda: nothing_waits(store), "it is sent again")
    (first, one), (second, two) = hook.taken

    assert first == second
    assert (DOUBT in one["message"], DOUBT in two["message"]) == (False, True)
    assert len(box.mails) == 1


def test_a_failing_channel_is_a_fault_until_it_recovers(
    store: RedisStore, ends: tuple[Mailbox, Webhook], teller: Teller
) -> None:
    """Its message arrives once; the other channel is not held up."""
    box, hook = ends
    hook.statuses = [503] * 4
    teller.start()
    wait_for(lambda: not store.known().first, "the first look")
    die(store, 1, 2)
    wait_for(lambda: store.channel_states(["main:c0"])[0].failures > 1, "the channel fails")
    fault = store.channel_states(["main:c0"])[0]
    wait_for(lambda: "Ny årsag til fejl" in "\n".join(box.texts()), "the cause is told")
    wait_for(lambda: nothing_waits(store), "everything is sent")
    texts = "\n".join(str(body["message"]) for _, body in hook.taken)
    well = store.channel_states(["main:c0"])[0]

    assert fault.error == "the service answered 503"
    assert fault.waiting >= 1
    assert texts.count("Period 2026-881A: 2 to fix, of 2 invoices") == 1
    assert (well.failures, len(set(hook.keys()))) == (0, len(hook.keys()))
    assert DOUBT not in texts
    assert steps.FAILURE.value in texts
