"""The archive kept up by itself, and by command."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from support.archiving import DAY, archive_at, complete, moving, new_invoice, send
from support.cli import Bench
from support.clock import ManualClock
from support.notifying import Killed, channel, tone_of
from typing_extensions import override

from config.settings_sections import Archive as ArchiveSettings
from worker.archive.checkpoints import Checkpoint, CheckpointFile
from worker.archive.keeper import Keeper
from worker.archive.log import Archive
from worker.archive.mover import Mover
from worker.cli.error_output import ExitCode
from worker.domain.notices import Notice
from worker.domain.store_port import Store
from worker.errors import ArchiveUnavailable
from worker.notify.checkpoints import CheckpointNotices
from worker.notify.words import text_of
from worker.store.redis_store import RedisStore

NUMBERS = range(100_001, 100_004)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite alone: nothing here depends on the database."""
    return f"sqlite:///{tmp_path / 'archive.sqlite'}"


@pytest.fixture
def said() -> list[Checkpoint]:
    return []


@pytest.fixture
def keeper(mover: Mover, archive: Archive, clock: ManualClock, tmp_path: Path, said: list[Checkpoint]) -> Keeper:
    return Keeper(
        mover=mover,
        archive=archive,
        checkpoints=CheckpointFile(tmp_path / "checkpoints.jsonl"),
        settings=ArchiveSettings(),
        clock=clock,
        announce=said.append,
    )


def test_a_completed_period_is_due_by_itself(store: RedisStore, keeper: Keeper, clock: ManualClock) -> None:
    """After its certificate, then when it is to be written short, then when it is to move; each time once."""
    period_id = complete(store, NUMBERS)
    for seconds, archived in ((0.0, False), (DAY, False), (89 * DAY, True)):
        clock.advance(seconds)
        assert list(keeper.due()) == [(period_id, "main")]
        clock.advance(60.0)
        assert list(keeper.due()) == []
        assert keeper.run(period_id).whole is archived
    clock.advance(DAY)
    assert list(keeper.due()) == []


@pytest.mark.parametrize("dies", ["before the notice", "after the notice"])
def test_a_checkpoint_is_told_once_whenever_the_worker_dies(
    store: RedisStore, keeper: Keeper, clock: ManualClock, dies: str
) -> None:
    """On disk it is; its notice is laid into the boxes that want it once, by the next process at the latest."""
    wanting = (channel(), channel("main:finance"), channel("main:off", kinds=frozenset({"period-done"})))
    tell = CheckpointNotices(store=store, channels=wanting, zone="Europe/Copenhagen", clock=clock).announce

    def dying(checkpoint: Checkpoint) -> None:
        if dies == "after the notice":
            tell(checkpoint)
        raise Killed

    period_id = complete(store, NUMBERS)
    clock.advance(91 * DAY)
    with pytest.raises(Killed):
        replace(keeper, announce=dying).run(period_id)
    assert len(list(keeper.checkpoints.all())) == 1
    for _ in range(2):  # processes that begin anew
        again = replace(keeper, announce=tell, _looked_at=float("-inf"))
        assert list(again.due()) == []
        again.keep_checkpoint(again.archive.head())

    waiting = {state.channel: state.waiting for state in store.channel_states([each.id for each in wanting])}
    assert waiting == {"installation": 1, "main:finance": 1, "main:off": 0}


def test_a_checkpoint_is_said_in_both_languages(store: RedisStore, keeper: Keeper, clock: ManualClock) -> None:
    """How long the archive was, and its root in full: what is compared later."""
    told: list[Notice] = []
    complete(store, NUMBERS)
    clock.advance(91 * DAY)
    keeper.run("main-p881")
    tell = CheckpointNotices(store=store, channels=(channel(),), zone="Europe/Copenhagen", clock=clock).announce
    for checkpoint in keeper.checkpoints.all():
        tell(checkpoint)
    message = store.claim_message("installation", lease=60.0)
    assert message is not None
    told += message.notices

    head = keeper.archive.head()
    assert head is not None
    for language, words in (("en", "The archive holds 6 entries on"), ("da", "Arkivet har 6 poster den")):
        text = text_of(told, tone_of(channel(language=language)))
        assert words in text.subject
        assert keeper.archive.root(head.size) in text.body
        assert head.log in text.body


def test_what_a_killed_worker_had_is_due_again(store: RedisStore, keeper: Keeper, clock: ManualClock) -> None:
    """Its turn ends by itself."""
    period_id = complete(store, NUMBERS)
    assert list(keeper.due()) == [(period_id, "main")]
    clock.advance(901.0)
    assert list(keeper.due()) == [(period_id, "main")]


def test_periods_of_an_older_version_are_looked_at(
    store: RedisStore, keeper: Keeper, clock: ManualClock, redis_client: redis.Redis
) -> None:
    """A day after the first look: by then no process of that version runs any more."""
    period_id = complete(store, NUMBERS)
    redis_client.delete(store.key("archive-due"))  # it is written with the certificate
    assert list(keeper.due()) == []
    clock.advance(DAY)
    assert list(keeper.due()) == [(period_id, "main")]


def test_every_growth_leaves_a_checkpoint(
    store: RedisStore, keeper: Keeper, clock: ManualClock, said: list[Checkpoint]
) -> None:
    """On disk, and handed on; nothing new, none."""
    complete(store, NUMBERS)
    complete(store, [200_001], number=882, event="/opter/acme/1#other")
    clock.advance(100 * DAY)
    for period_id in ("main-p881", "main-p882", "main-p882"):
        keeper.run(period_id)

    assert [checkpoint.size for checkpoint in said] == [6, 10]
    assert list(keeper.checkpoints.all()) == said
    assert said[-1].root == keeper.archive.root(10)


def test_a_changed_archive_gets_nothing_added(
    store: RedisStore, keeper: Keeper, clock: ManualClock, redis_client: redis.Redis
) -> None:
    """Not even where it agrees with itself: what was said of it counts."""
    complete(store, NUMBERS)
    complete(store, [200_001], number=882, event="/opter/acme/1#other")
    clock.advance(100 * DAY)
    keeper.run("main-p881")
    head = keeper.archive.head()
    assert head is not None
    false = Checkpoint(log=head.log, size=head.size, root="0" * 64, at="2027-04-25T08:00:00Z")
    keeper.checkpoints.add(false)

    with pytest.raises(ArchiveUnavailable, match="changed or cut"):
        keeper.run("main-p882")
    assert redis_client.exists(store.key("invoice", "main-200001")) == 1


def test_texts_go_after_five_accounting_years(store: RedisStore, keeper: Keeper, clock: ManualClock) -> None:
    """The tree is the same, and an event that comes again still exports nothing."""
    complete(store, NUMBERS)
    clock.advance(100 * DAY)
    keeper.run("main-p881")
    clock.advance(5 * 366 * DAY)  # in 2032: 2026 is the sixth year before it
    assert keeper.delete() == 6
    assert keeper.delete() == 0

    assert store.invoice("main-100001") is None
    send(store, *map(new_invoice, NUMBERS), event="/opter/acme/1#again")
    assert [invoice.id for invoice in store.received("main-p881")] == []
    assert set(store.states([f"main-{number}" for number in NUMBERS]).values()) == {"exported"}


class ArchiveBench(Bench):
    """The commands over a real Redis and archive."""

    def __init__(self, clock: ManualClock, keeper: Keeper, store: RedisStore) -> None:
        super().__init__(clock)
        self._keeper = keeper
        self._store = store

    @contextmanager
    @override
    def keeper(self, store_name: str = "") -> Iterator[tuple[Keeper, RedisStore]]:
        del store_name
        yield self._keeper, self._store

    @contextmanager
    @override
    def store(self) -> Iterator[Store]:
        yield self._store

    def said(self, *arguments: str, code: ExitCode = ExitCode.OK) -> Any:
        self.stdout.seek(0)
        self.stdout.truncate()
        assert self.run(*arguments, "--json") == code
        return json.loads(self.stdout.getvalue())


def test_the_commands(store: RedisStore, keeper: Keeper, clock: ManualClock, tmp_path: Path) -> None:
    """Run, status, periods, show, verify and export, and the ordinary commands on what is archived."""
    complete(store, NUMBERS)
    clock.advance(100 * DAY)
    bench = ArchiveBench(clock, keeper, store)

    assert bench.said("archive", "status")["duePeriods"] == 1
    done = bench.said("archive", "run")
    assert (done["archivedPeriods"], done["archivedInvoices"]) == (1, 3)
    status = bench.said("archive", "status")
    assert (status["size"], status["entries"]["invoice"], status["checkpoint"]["size"]) == (6, 3, 6)
    assert [each["id"] for each in bench.said("archive", "periods")] == ["main-p881"]
    (entry,) = bench.said("archive", "show", "main-100002")
    assert (entry["leaf"], entry["kind"], entry["size"]) == (1, "invoice", 6)
    assert bench.said("archive", "verify")["problems"] == []

    assert bench.said("invoice", "100002")["id"] == "main-100002"
    assert len(bench.said("invoices", "2026-881A")) == 3
    assert bench.said("status", "881")["outcomes"]["booked"] == 3

    log = tmp_path / "log.jsonl"
    assert bench.run("archive", "export", str(log)) == ExitCode.OK
    assert [json.loads(line)["leaf"] for line in log.read_text().splitlines()] == list(range(6))
    assert bench.run("archive", "export", str(log)) == ExitCode.USAGE


def test_verify_says_what_was_changed(store: RedisStore, keeper: Keeper, clock: ManualClock, tmp_path: Path) -> None:
    """With the exit code for a person; a checkpoint kept elsewhere counts like the installation's own."""
    complete(store, NUMBERS)
    clock.advance(100 * DAY)
    keeper.run("main-p881")
    head = keeper.archive.head()
    assert head is not None
    elsewhere = CheckpointFile(tmp_path / "elsewhere.jsonl")
    elsewhere.add(Checkpoint(log=head.log, size=3, root="0" * 64, at="2027-04-25T08:00:00Z"))
    bench = ArchiveBench(clock, keeper, store)

    found = bench.said("archive", "verify", "--checkpoints", str(elsewhere.path), code=ExitCode.PERSON)

    assert found["problems"] == ["the first 3 entries are not those of the checkpoint 0000000000000000"]


def test_two_archives_of_one_redis_are_one_too_many(
    store: RedisStore, keeper: Keeper, clock: ManualClock, redis_client: redis.Redis, tmp_path: Path
) -> None:
    """A worker that was given another address moves nothing into it."""
    complete(store, NUMBERS)
    complete(store, [200_001], number=882, event="/opter/acme/1#other")
    clock.advance(100 * DAY)
    keeper.run("main-p881")
    other = archive_at(tmp_path / "other.sqlite")
    astray = moving(store, redis_client, other, clock, prefix=store.key())

    with pytest.raises(ArchiveUnavailable, match="another one"):
        astray.turn("main-p882")
    assert redis_client.exists(store.key("invoice", "main-200001")) == 1
    other.close()
