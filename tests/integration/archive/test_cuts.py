"""A move that is cut off anywhere loses nothing and leaves nothing twice."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from support.archiving import CHUNK, DAY, archive_at, complete, give_archive, moving
from support.clock import ManualClock
from support.harness import Killed

from worker.archive.database import Database
from worker.archive.log import Archive
from worker.archive.mover import Mover
from worker.domain.archive import EntryKind
from worker.domain.record import State
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: More than go in one step.
NUMBERS = range(100_001, 100_001 + CHUNK + 5)
PROCESS = Path(__file__).parents[2] / "support" / "archiving_process.py"


class Cut:
    """Something whose effects are counted; the worker dies before, or right after, one of them."""

    def __init__(self, inner: Any, cut: Callable[[Callable[[], Any]], Any]) -> None:
        self._inner = inner
        self._cut = cut

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def effect(*args: Any, **kwargs: Any) -> Any:
            return self._cut(lambda: method(*args, **kwargs))

        return effect


class Fuse:
    """Lets so many effects happen; kills before the next one, or after it, when its answer is lost."""

    def __init__(self, effects: int, *, after: bool) -> None:
        self.left = effects
        self._after = after

    def __call__(self, effect: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left >= 0:
            return effect()
        if self._after:
            effect()
        raise Killed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_effect(
    store: RedisStore, mover: Mover, clock: ManualClock, redis_client: redis.Redis, *, after: bool
) -> None:
    """Before or after each trip to the store or the archive: the next turn ends what the last one began."""
    period_id = complete(store, NUMBERS)
    store.log_action(who="anna", what="pause", export="main")
    clock.advance(100 * DAY)
    kept = redis_client.keys(store.key("*"))
    copies = {key: redis_client.dump(key) for key in kept}

    for effects in itertools.count():
        if effects:
            _restore(redis_client, store, copies)
        fuse = Fuse(effects, after=after)
        doomed = replace(mover, store=Cut(mover.store, fuse), archive=Cut(mover.archive, fuse))
        try:
            doomed.turn(period_id)
            doomed.actions()
        except Killed:
            _everything_is_there_once(store, period_id)
            mover.turn(period_id)
            mover.actions()
        _everything_is_there_once(store, period_id)
        assert list(store.periods()) == []
        assert redis_client.keys(store.key("invoice:*")) == []
        if fuse.left >= 0:
            break
    assert effects > 8, "the move has more effects than that"


def _restore(client: redis.Redis, store: RedisStore, copies: dict[bytes, bytes]) -> None:
    """Bring the store back to before the move, as a copy of it would be: the archive knows the entries already."""
    client.delete(*client.keys(store.key("*")))
    for key, copy in copies.items():
        client.restore(key, 0, copy)


def _everything_is_there_once(store: RedisStore, period_id: str) -> None:
    period = store.period(period_id)
    assert period is not None
    assert period.counts == {State.EXPORTED: len(NUMBERS)}
    assert [record.id for record in store.invoices(period_id, None)] == [f"main-{number}" for number in NUMBERS]
    assert set(store.states([f"main-{number}" for number in NUMBERS]).values()) == {State.EXPORTED}
    assert len(store.certificates(period_id)) == 1


def test_killed_processes_move_every_invoice_once(
    redis_url: str, redis_prefix: str, redis_client: redis.Redis, tmp_path: Path
) -> None:
    """A real process by SIGKILL, later each time, until one comes to its end."""
    long_ago = ManualClock(time.time() - 100 * DAY)
    store = RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy(), clock=long_ago)
    period_id = complete(store, range(1, 601), at=time.time() - 100 * DAY)
    archive, chance, deaths = tmp_path / "archive.sqlite", random.Random(7), 0
    environment = {**os.environ, "PYTHONPATH": str(PROCESS.parents[1])}
    for attempt in itertools.count():
        seconds = 0.03 * 1.4**attempt
        command = [sys.executable, str(PROCESS), redis_url, redis_prefix, str(archive), period_id]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            begun = process.stdout.readline()
            assert begun == b"begin\n"
            try:
                code = process.wait(seconds + chance.random() / 50)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                deaths += 1
                continue
        assert code == 0
        break

    assert deaths > 1
    with closing(archive_at(archive)) as reading:
        give_archive(store, reading)
        period = store.period(period_id)
        assert period is not None
        assert period.counts == {State.EXPORTED: 600}
        assert [record.invoice_number for record in store.invoices(period_id, None)] == list(range(1, 601))
        assert reading.numbers()[EntryKind.INVOICE] == 600
        assert reading.numbers()[EntryKind.PERIOD] == 1
        assert redis_client.keys(store.key("invoice:*")) == []


def test_the_archive_is_killed_in_its_commit(
    store: RedisStore, mover: Mover, url: str, clock: ManualClock, redis_client: redis.Redis
) -> None:
    """What was written and not committed is not there: nothing was dropped for it."""

    class Dying(Archive):
        def _read_back(self, *_: object) -> None:
            raise Killed  # the answer never came

    period_id = complete(store, NUMBERS)
    clock.advance(100 * DAY)
    with closing(Dying(Database(url))) as dying:
        doomed = moving(store, redis_client, dying, clock, prefix=store.key())
        with pytest.raises(Killed):
            doomed.turn(period_id)
    _everything_is_there_once(store, period_id)
    assert len(redis_client.keys(store.key("invoice:*"))) == len(NUMBERS)

    restored = moving(store, redis_client, mover.archive, clock, prefix=store.key())  # type: ignore[arg-type]  # an archive
    assert restored.turn(period_id).whole
    _everything_is_there_once(store, period_id)
