"""What somebody else writes to Celery's queues, against a real worker: refused, and nothing in the store is lost."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.envelopes import call, envelope
from support.installation import Installation, event
from support.samples import customer, invoice, line

from config.names import broker_prefix, queue_key
from config.settings_sections import Redis

PREFIX = Redis().prefix
QUEUE = queue_key(PREFIX, "export.main")
#: Stands for customer data in a message that should never have been sent here.
MARK = "Zqxv"


class _Touch:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path) as running:
        _start(running)
        yield running


def _start(installation: Installation) -> None:
    said = installation.log("worker-1").count(" ready.") if (installation.folder / "worker-1.log").exists() else 0
    installation.start("worker-1", "worker", "--name", "worker-1@test")
    installation.wait_for(lambda: installation.log("worker-1").count(" ready.") > said, "the worker is ready")


def _push(installation: Installation, *items: str | bytes, queue: str = QUEUE) -> None:
    with installation.client() as client:
        client.lpush(queue, *items)


def _left(installation: Installation) -> tuple[int, int]:
    """Return what is on the queue and what is taken but not acknowledged."""
    with installation.client() as client:
        return int(client.llen(QUEUE)), int(client.hlen(f"{broker_prefix(PREFIX)}unacked"))


def _assert_works(installation: Installation) -> None:
    """The store's invoices go on: a period is exported as if nothing had happened."""
    invoices = [
        invoice(line(f"{n}00.00"), invoice_number=500_000 + n, customer=customer(corporate_id=None)) for n in (1, 2, 3)
    ]
    installation.start("intake", "intake")
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"exported": 3}, "the period is exported")


def test_what_is_not_ours_is_dropped_and_the_worker_goes_on(installation: Installation, tmp_path: Path) -> None:
    """Pickle, YAML, unknown tasks, odd bodies and odd options: not executed, not repeated, not quoted in the log."""
    trap = tmp_path / "executed"
    foreign = [
        envelope(pickle.dumps(((_Touch(trap),), {}, {})), content_type="application/x-python-serialize"),
        envelope(f"!!python/object/apply:os.system ['touch {trap}']".encode(), content_type="application/x-yaml"),
        envelope(call(f"touch {trap}"), task="os.system"),
        envelope(call("main-1"), task=[MARK]),
        envelope(call("main-1"), task="celery.backend_cleanup"),
        envelope(call("main-1"), task=...),
        envelope(call("main-1"), id=...),
        envelope(call(MARK)),
        envelope(call({"name": MARK})),
        envelope(call("main-1", MARK)),
        envelope(call("main-1", kwargs={"name": MARK})),
        envelope(call("main-1", chain=[{"task": "os.system", "args": [MARK]}])),
        envelope(call("main-1"), eta="2999-01-01T00:00:00+00:00"),
        envelope(call("main-1"), expires=MARK),
        envelope(f'{{"name": "{MARK}"}}'.encode()),
        envelope(f"{{nope {MARK}".encode()),
        envelope(b""),
    ]
    other = queue_key(PREFIX, "celery")
    _push(installation, envelope(call("main-1")), queue=other)
    _push(installation, *foreign, envelope(call("main-999999")), envelope(call("other-1")))
    installation.wait_for(
        lambda: installation.log("worker-1").count('"foreign_message"') == len(foreign), "all are refused"
    )

    # Two are ours in form, and are run after those that were refused.
    installation.wait_for(lambda: _left(installation) == (0, 0), "nothing is left")
    assert installation.running("worker-1")
    assert not trap.exists()
    assert MARK not in installation.log("worker-1")
    with installation.client() as client:
        assert client.llen(other) == 1  # a queue of nobody's is left alone
    assert (
        installation.sandbox("GET", "requests")["requests"] == []
    )  # an id that the store does not know is a hint only
    _assert_works(installation)


def test_bytes_that_are_no_envelope_cost_one_restart_each(installation: Installation) -> None:
    """The worker ends over such an item, but the item is gone: started again by its supervisor, it goes on.

    An object without kombu's properties, such as an event on the wrong queue, costs a reconnection only.
    """
    _push(installation, f'{{"specversion": "1.0", "data": "{MARK}"}}')
    installation.wait_for(lambda: len(installation.lines("worker-1", "foreign_message")) == 1, "it was noticed")
    for junk in (f"hello {MARK}", b"\xff\x00\xfe", "5", f'["{MARK}"]'):
        _push(installation, junk)
        installation.wait_for(lambda: not installation.running("worker-1"), "the worker has ended")
        installation.wait_for(lambda: _left(installation) == (0, 0), "the item is gone")
        installation.kill("worker-1")
        _start(installation)

    assert MARK not in installation.log("worker-1")
    _assert_works(installation)
