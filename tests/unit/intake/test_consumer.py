import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from support.events import event, invoices, raw, reader
from support.intake import consumer
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export
from typing_extensions import override

from worker.domain.invoice_period import NewInvoice, PeriodState, Registered
from worker.domain.reasons import EventReason, ProcessReason, failure
from worker.errors import StoreUnavailable, Unavailable
from worker.intake.queue import dead_events, digest, revive
from worker.intake.web_sources import WebRules


@pytest.fixture
def events() -> MemoryEvents:
    return MemoryEvents()


@pytest.fixture
def queue(events: MemoryEvents) -> MemoryEventQueue:
    return MemoryEventQueue(events, consumer="first")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _turns(count: int, queue: MemoryEventQueue, store: MemoryStore, **changes: Any) -> None:
    tested = consumer(queue, store, **changes)
    for _ in range(count):
        tested.turn(threading.Event())


def test_an_event_ends_in_the_store_and_is_announced_once_complete(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """All invoices are registered, in chunks, before the period counts as registered and its check is announced."""
    seen: list[tuple[str, str, PeriodState | None, int]] = []

    def announce(period_id: str, name: str) -> None:
        period = store.period(period_id)
        seen.append((period_id, name, period and period.state, period.total if period else 0))

    queue.publish(raw(event(invoices(450))))
    _turns(1, queue, store, announce=announce)

    assert seen == [("main-p881", "main", PeriodState.REGISTERED, 450)]
    assert queue.waiting() == 0


def test_the_same_event_twice_is_one_event(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """The second is acknowledged without reading what it refers to."""
    reference = {"url": "https://gone.dk/", "sha256": "0" * 64, "count": 2}
    queue.publish(raw(event()))
    queue.publish(raw(event(invoices=..., invoicesRef=reference)))
    announced: list[str] = []
    _turns(2, queue, store, announce=lambda period, name: announced.append(f"{period} {name}"))

    assert announced == ["main-p881 main"]
    assert (queue.waiting(), dead_events(queue)) == (0, [])


def test_a_refused_event_keeps_its_bytes_and_the_queue_goes_on(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """The dead list holds exactly what came, with why; the next event is taken in."""
    bad = b'\xff\x00 {"specversion": "1.0"'
    queue.publish(bad)
    queue.publish(raw(event()))
    _turns(2, queue, store)

    ((dead, content),) = dead_events(queue)

    assert (content, dead.id, dead.reason, dead.bytes) == (bad, digest(bad), EventReason.EVENT_UNREADABLE, len(bad))
    assert store.period("main-p881") is not None


def test_a_refused_event_tells_which_period_it_was(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """An operator sees export, period and event without opening the bytes."""
    queue.publish(raw(event(invoiceCount=3)))
    _turns(1, queue, store)

    ((dead, _),) = dead_events(queue)

    assert (dead.export, dead.period, dead.event_key) == ("main", "2026-47A", "/opter/acme/1#e-1")
    assert [problem.reason for problem in dead.problems] == [EventReason.CONTROL_TOTALS]
    assert dead.next_step


def test_nothing_of_a_refused_event_is_written(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """Everything wrong is found before the first write."""
    queue.publish(raw(event(invoiceCount=3)))
    _turns(1, queue, store)

    assert list(store.periods()) == []
    assert not store.event_known("/opter/acme/1#e-1")


def test_a_refused_event_can_be_sent_back(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """Once the cause is gone (here: the export is added), the same bytes are taken in."""
    content = raw(event(export="second"))
    queue.publish(content)
    _turns(1, queue, store)

    assert revive(queue, [digest(content), "0" * 16]) == [digest(content)]
    _turns(1, queue, store, reader=reader(export(), export(name="second")))

    assert store.period("second-p881") is not None
    assert dead_events(queue) == []


def test_a_dead_event_without_a_readable_reason_is_still_listed(queue: MemoryEventQueue) -> None:
    """Whatever is kept beside the bytes, they are not hidden."""
    for content, why in ((b"1", b""), (b"2", b"{}"), (b"3", b"\xff"), (b"4", json.dumps({"problems": [7]}).encode())):
        queue.dead_letter(content, why)

    assert [content for _, content in dead_events(queue)] == [b"4", b"3", b"2", b"1"]


class _Failing(MemoryStore):
    """A store whose ``register`` fails a number of times, after or before having written."""

    def __init__(self, failures: int, error: Exception, *, after: bool) -> None:
        super().__init__()
        self.failures, self.error, self.after = failures, error, after

    @override
    def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
        if self.failures and self.after:
            super().register(period_id, event_key, invoices)
        if self.failures:
            self.failures -= 1
            raise self.error
        return super().register(period_id, event_key, invoices)


@pytest.mark.parametrize("after", [False, True])
def test_an_unavailable_store_delays_an_event_and_loses_nothing(queue: MemoryEventQueue, *, after: bool) -> None:
    """The event stays in the consumer's own list and is begun again, also when the lost answer was a yes."""
    store = _Failing(
        3, StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer.")), after=after
    )
    queue.publish(raw(event(invoices(250))))
    stop = threading.Event()
    announced: list[str] = []

    def announce(period_id: str, name: str) -> None:
        announced.append(f"{period_id} {name}")
        stop.set()

    consumer(queue, store, announce=announce).run(stop)

    period = store.period("main-p881")
    assert (period and period.total, announced, queue.waiting()) == (250, ["main-p881 main"], 0)


def test_a_fault_of_ours_stops_one_event_only(queue: MemoryEventQueue) -> None:
    """An unexpected error buries its event with where it arose, and without its message: that may quote a customer."""
    store = _Failing(1, ZeroDivisionError("Acme A/S"), after=False)
    queue.publish(raw(event()))
    queue.publish(raw(event(event_id="e-2")))
    with capture_logs() as lines:
        _turns(2, queue, store)

    ((dead, _),) = dead_events(queue)

    assert dead.reason is ProcessReason.INTERNAL_ERROR
    assert "Acme" not in json.dumps(lines, default=str)
    assert "ZeroDivisionError" in json.dumps(lines)
    period = store.period("main-p881")
    assert period is not None
    assert period.state is PeriodState.REGISTERED


def test_a_lost_announcement_does_not_matter(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """The event is acknowledged; the sweep finds the period due."""

    def announce(period_id: str, name: str) -> None:
        raise ConnectionError(period_id, name)

    queue.publish(raw(event()))
    _turns(1, queue, store, announce=announce)

    assert queue.waiting() == 0
    assert list(store.periods_due()) == [("main-p881", "main")]


def test_an_unreachable_file_is_tried_again_behind_other_events_and_then_refused(
    queue: MemoryEventQueue, store: MemoryStore
) -> None:
    """An outage delays one event; the next is not held up; after the set number of tries it becomes a dead letter."""
    tried: list[str] = []

    @contextmanager
    def fetch(url: str, *, address: str) -> Iterator[Any]:
        tried.append(address)
        raise Unavailable(failure(EventReason.INVOICES_FILE_UNAVAILABLE, f"{url} does not answer."))
        yield

    slow = event(invoices=..., invoicesRef={"url": "https://a.dk/x", "sha256": "0" * 64, "count": 2}, event_id="slow")
    queue.publish(raw(slow))
    queue.publish(raw(event()))
    reading = reader(export(), rules=WebRules(hosts=("a.dk",)), fetch=fetch)
    order: list[int] = []
    tested = consumer(queue, store, reader=reading, fetch_attempts=3, announce=lambda *_: order.append(len(tried)))
    for _ in range(4):
        tested.turn(threading.Event())

    ((dead, content),) = dead_events(queue)

    assert order == [1]
    assert len(tried) == 3
    assert (dead.reason, content) == (EventReason.INVOICES_FILE_UNAVAILABLE, raw(slow))


def test_a_stop_is_heeded_within_two_seconds(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """Also while the queue is empty."""
    stop = threading.Event()
    thread = threading.Thread(target=consumer(queue, store).run, args=(stop,))
    thread.start()
    began = time.monotonic()
    stop.set()
    thread.join(5)

    assert time.monotonic() - began < 2


def test_a_stop_in_mid_event_leaves_it_to_the_next_consumer(events: MemoryEvents) -> None:
    """The event goes back on the queue, and whoever takes it finishes it."""
    stop = threading.Event()

    class Stopping(MemoryStore):
        @override
        def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
            stop.set()
            return super().register(period_id, event_key, invoices)

    store = Stopping()
    queue = MemoryEventQueue(events, consumer="first")
    queue.publish(raw(event(invoices(450))))
    consumer(queue, store).run(stop)

    period = store.period("main-p881")
    assert (period and period.total, period and period.state) == (200, PeriodState.REGISTERING)
    assert len(events.queue) == 1

    _turns(1, MemoryEventQueue(events, consumer="two"), store)
    period = store.period("main-p881")
    assert (period and period.total, queue.waiting()) == (450, 0)


def test_logs_hold_no_customer_data(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """Neither a taken nor a refused event puts a name, an address or a text into a log."""
    structlog.reset_defaults()
    items = invoices(2)
    items[1]["customer"]["country"] = "Acme A/S"
    queue.publish(raw(event()))
    queue.publish(raw(event(items, event_id="e-2")))
    with capture_logs() as lines:
        _turns(2, queue, store)

    assert [line["event"] for line in lines] == ["event_taken_in", "event_refused"]
    assert "Acme" not in json.dumps(lines)
