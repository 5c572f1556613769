"""The Redis configuration and users of the deployment, on a real server: enough rights to work, and no more."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from celery import Celery
from pydantic import SecretStr
from support.deployed_redis import ADMIN, OPTER, OURS, DeployedRedis
from support.samples import invoice

from config.broker import celery_config, watching_config
from config.export_schema import Limits
from config.names import EXPORT_TASK
from config.settings import Settings
from config.settings_sections import Redis
from worker.domain.approval import Decision, NewApproval
from worker.domain.invoice_period import NewInvoice, PeriodRecord
from worker.domain.record import State
from worker.store.approvals import RedisApprovals
from worker.store.connection import StorePolicy
from worker.store.event_queue import RedisEventQueue
from worker.store.rate_limiter import RedisRateLimiter
from worker.store.redis_store import RedisStore
from worker.store.server_check import check_server
from worker.store.sessions import Lifetime, RedisSessions

pytestmark = pytest.mark.xdist_group("redis rights")  # one installation for all of them

PREFIX = Redis().prefix
QUEUE = Settings.model_fields["intake"].default.queue


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedRedis]:
    """A server with the deployment's own files; every user has the same password."""
    with DeployedRedis(tmp_path_factory.mktemp("redis"), password="marked") as server:
        yield server


@pytest.fixture
def ours(server: DeployedRedis) -> Iterator[redis.Redis]:
    """Our own user; whatever it was refused fails the test."""
    with server.client(ADMIN) as admin, server.client(OURS) as client:
        admin.execute_command("ACL", "LOG", "RESET")
        yield client
        assert server.denied() == []


def test_the_server_passes_the_check_at_start(ours: redis.Redis) -> None:
    """The configuration is one that intake agrees to start with, and the check needs no more than our rights."""
    assert check_server(ours) == []


def test_signing_in_and_approvals_work_with_our_rights(ours: redis.Redis) -> None:
    """Links, sessions, tries and requests for a second person's yes."""
    sessions = RedisSessions(ours, prefix=PREFIX, policy=StorePolicy())
    person = sessions.redeem(sessions.make_link("Birthe", seconds=60))
    assert person
    secret = sessions.start(person, Lifetime(idle=60, longest=600))
    assert sessions.session(secret, idle=60) == sessions.lasts(secret)
    sessions.count_try("name", "birthe", seconds=60)
    sessions.forget_tries("name", "birthe")
    sessions.keep("openid", "secret", "kept", seconds=60)
    assert sessions.take("openid", "secret") == "kept"
    sessions.end(secret)
    approvals = RedisApprovals(ours, prefix=PREFIX, policy=StorePolicy())
    asked = NewApproval(id="a1", export="main", action="requeue", subject="x", by="Birthe", invoices=0)
    approvals.ask_approval(asked, seconds=60)
    assert approvals.decide("a1", Decision(yes=True, by="Carl", why="")) is None
    approvals.mark_done("a1")
    assert [found.done_at > 0 for found in approvals.approvals()] == [True]


def test_the_store_works_with_our_rights(ours: redis.Redis) -> None:
    """From event to claim, every script of the store finds its commands and keys allowed."""
    store = RedisStore(ours, prefix=PREFIX, policy=StorePolicy())
    content = invoice()
    period = PeriodRecord(
        id="main-p881",
        export="main",
        number=881,
        name="2026-47A",
        region=None,
        closed_at="2026-11-20T15:04:05Z",
        invoice_count=1,
        control_totals=(),
    )
    new = NewInvoice(
        id="main-100353",
        export="main",
        invoice_number=100353,
        invoice_type="invoice",
        region=None,
        content=content.content().text,
        content_hash=content.content().sha256,
    )
    store.open_period(period, "a#1")
    store.register(period.id, "a#1", [new])
    store.close_event(period.id, "a#1")
    fence = store.claim_period(period.id)

    assert fence is not None
    assert list(
        store.pass_preflight(
            period.id, fence, read={new.id: new.content_hash}, queued=[new.id], lookup=frozenset(), dead={}
        )
    ) == [new.id]
    store.finish_preflight(period.id, fence, notice="")
    store.published([new.id])
    assert getattr(store.claim(new.id), "state", None) is State.EXPORTING
    assert store.sweep(idle_exports=frozenset({"main"})) == []


def test_the_rate_limiter_works_with_our_rights(ours: redis.Redis) -> None:
    """The rate limiter's script takes the server's time and its own keys."""
    assert RedisRateLimiter(ours, prefix=PREFIX).acquire("1234567", 1, Limits()).cost == 1


def test_opter_s_side_puts_events_on_the_queue_and_we_take_them(server: DeployedRedis, ours: redis.Redis) -> None:
    """One LPUSH from Opter's side; the consumer takes, dead-letters, revives and acknowledges it."""
    queue = RedisEventQueue(ours, queue=QUEUE, clock=time.time, consumer="here")
    with server.client(OPTER) as opter:
        opter.lpush(QUEUE, b"{}")
    queue.beat()
    queue.reap()

    taken = queue.take(1.0)

    assert taken == b"{}"
    queue.dead_letter(taken, b"why")
    assert queue.revive(taken)
    assert queue.take(1.0) == taken
    queue.acknowledge(taken)
    queue.leave()


def test_celery_works_with_our_rights(server: DeployedRedis, ours: redis.Redis) -> None:
    """Publishing, consuming, remote control and events: what worker and Flower do with the broker."""
    del ours  # asked for what it checks at the end
    settings = Settings.model_construct(redis=Redis.model_validate({"url": server.url}))
    app = Celery("rights", set_as_current=False)
    app.conf.update(celery_config(settings, ["main"]))
    with closing(app), app.connection_for_read() as connection:
        app.send_task(EXPORT_TASK, ("main-100353",))
        app.control.ping(timeout=0.1)
        with app.events.Receiver(connection, handlers={"*": lambda _: None}).consumer_context():
            pass
        with connection.SimpleQueue("export.main") as waiting:
            message = waiting.get(timeout=60)
            message.ack()

    assert message.payload[0] == ["main-100353"]


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("opter", ("LRANGE", QUEUE, "0", "-1")),  # invoices of others
        ("opter", ("DEL", QUEUE)),
        ("opter", ("HGETALL", f"{PREFIX}invoice:main-100353")),
        ("opter", ("SUBSCRIBE", "x")),
        ("opter-economic", ("GET", "another-program")),
        ("opter-economic", ("FLUSHDB",)),
        ("opter-economic", ("FLUSHALL",)),
        ("opter-economic", ("CONFIG", "GET", "*")),
        ("opter-economic", ("MONITOR",)),
        ("opter-economic", ("CLIENT", "LIST")),
        ("opter-economic", ("SAVE",)),
        ("opter-economic", ("REPLICAOF", "127.0.0.1", "1")),
        ("opter-economic", ("MODULE", "LIST")),
        ("opter-economic", ("CONFIG", "SET", "appendonly", "no")),
        ("opter-economic", ("ACL", "SETUSER", "opter-economic", "+@all")),
        ("opter-economic", ("KEYS", "*")),
        ("opter-economic", ("SHUTDOWN",)),
    ],
)
def test_what_is_not_needed_is_refused(server: DeployedRedis, user: str, command: tuple[str, ...]) -> None:
    """Neither side reads, changes or destroys what is not its own."""
    with server.client(user) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


def test_a_script_has_no_more_rights_than_its_caller(server: DeployedRedis) -> None:
    """A script that names a foreign key behind Redis' back is stopped at that key."""
    with server.client(OURS) as client, pytest.raises(redis.ResponseError, match="ACL failure in script"):
        client.eval("return redis.call('GET', 'another-program')", 0)


def test_nobody_comes_in_unnamed(server: DeployedRedis) -> None:
    """Without a user there is nothing to be had."""
    with redis.Redis.from_url(f"redis://127.0.0.1:{server.port}/0") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_flower_has_rights_to_celerys_keys_alone(server: DeployedRedis) -> None:
    """It listens to events and asks workers; invoices, events and the store's records are shut to it."""
    settings = Settings().model_copy(update={"redis": Redis(url=SecretStr(server.address("flower")))})
    app = Celery("test", set_as_current=False)
    app.conf.update(watching_config(settings))
    with closing(app), app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": lambda _: None})
        receiver.capture(limit=1, timeout=0.2, wakeup=True)
        assert app.control.inspect(timeout=0.2).ping() is None  # no worker is there; it was allowed to ask
    with server.client(ADMIN) as admin:
        assert [entry for entry in admin.acl_log() if entry["username"] == "flower"] == []
    with server.client("flower") as flower:
        for command in (("HGETALL", f"{PREFIX}invoice:main-1"), ("LRANGE", QUEUE, 0, -1), ("FLUSHALL",)):
            with pytest.raises(redis.exceptions.NoPermissionError):
                flower.execute_command(*command)
