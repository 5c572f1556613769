import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from support.events import event, invoices, raw, reader
from support.intake import consumer
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export
from support.timing import quickest, seconds
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
    """In whatever spelling and order of its invoices."""
    items = invoices(2)
    queue.publish(raw(event(items)))
    queue.publish(json.dumps(event(items[::-1]), indent=3).encode("utf-8-sig"))
    announced: list[str] = []
    _turns(2, queue, store, announce=lambda period, name: announced.append(f"{period} {name}"))

    assert announced == ["main-p881 main"]
    assert (queue.waiting(), dead_events(queue)) == (0, [])


def test_a_file_that_was_taken_in_is_not_read_again(
    queue: MemoryEventQueue, store: MemoryStore, tmp_path: Path
) -> None:
    """The same event about the same file is acknowledged, though the file is gone by now."""
    file = tmp_path / "period.ndjson"
    file.write_bytes(b"\n".join(map(raw, invoices(2))))
    place = {"url": f"file://{file}", "sha256": hashlib.sha256(file.read_bytes()).hexdigest().upper(), "count": 2}
    content = raw(event(invoices=..., invoicesRef=place))
    queue.publish(content)
    _turns(1, queue, store, reader=reader(export(), folders=(tmp_path,)))
    file.unlink()
    queue.publish(content)
    _turns(1, queue, store, reader=reader(export(), folders=(tmp_path,)))

    assert (queue.waiting(), dead_events(queue)) == (0, [])
    assert [record.invoice_number for record in store.invoices("main-p881", None)] == [100001, 100002]


def test_other_content_under_a_known_id_is_taken_in_and_told(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """New invoices are added, an unsent one is replaced, the totals are the later ones; a person sees the event."""
    later = invoices(4)
    later[0]["lines"][0]["text"] = "corrected"
    for items in (invoices(2), later):
        queue.publish(raw(event(items)))
    _turns(2, queue, store)

    ((dead, content),) = dead_events(queue)
    period = store.period("main-p881")

    assert (dead.reason, content) == (EventReason.EVENT_CONFLICT, raw(event(later)))
    assert "2 new, 1 the same as before, 1 replaced" in dead.problems[0].description
    assert period is not None
    assert (period.total, period.invoice_count, period.state) == (4, 4, PeriodState.REGISTERED)
    assert [str(total.gross) for total in period.control_totals] == ["5000.00"]
    assert "corrected" in next(iter(store.invoices("main-p881", None))).content


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_conflict_is_told_each_time_it_comes(count: int, queue: MemoryEventQueue, store: MemoryStore) -> None:
    """Until the person discards it; what came first stays known, and a repeat of either changes nothing."""
    queue.publish(raw(event(invoices(5))))
    for _ in range(2):
        queue.publish(raw(event(invoices(count))))
        queue.publish(raw(event(invoices(5))))
    _turns(5, queue, store)

    ((_, content),) = dead_events(queue)
    period = store.period("main-p881")

    assert content == raw(event(invoices(count)))
    assert period is not None
    assert (period.total, period.invoice_count) == (5, 5)
    assert [queue.discard(content), queue.discard(content), dead_events(queue)] == [True, False, []]


def test_a_repeated_conflict_does_not_undo_a_correction(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """What came under a known id is written once; sent again after a correction it is only shown again."""

    def content(text: str, event_id: str) -> bytes:
        items = invoices(2)
        items[0]["lines"][0]["text"] = text
        return raw(event(items, event_id=event_id))

    for sent in (content("first", "e-1"), content("other", "e-1"), content("right", "e-2"), content("other", "e-1")):
        queue.publish(sent)
    _turns(4, queue, store)

    ((dead, kept),) = dead_events(queue)

    assert (dead.reason, kept) == (EventReason.EVENT_CONFLICT, content("other", "e-1"))
    assert '"text":"right"' in next(iter(store.invoices("main-p881", None))).content


def test_a_broken_event_that_is_sent_back_does_not_undo_a_correction(
    queue: MemoryEventQueue, store: MemoryStore
) -> None:
    """Its good invoices are written once; they may have been corrected when it comes again."""
    broken, right = invoices(2), invoices(2)
    broken[1]["dueDate"] = "20-12-2026"
    right[0]["lines"][0]["text"] = "right"
    for sent in (event(broken), event(right, event_id="e-2"), event(broken)):
        queue.publish(raw(sent))
    _turns(3, queue, store)

    assert [kept for _, kept in dead_events(queue)] == [raw(event(broken))]
    assert '"text":"right"' in next(iter(store.invoices("main-p881", None))).content


def test_a_correction_replaces_the_totals(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """An event of its own about as many invoices says what the period adds up to now, also after a repeat."""
    corrected = invoices(2)
    line = {"net": "2000.00", "vat": "500.00"}
    corrected[1] |= {**line, "gross": "2500.00", "lines": [corrected[1]["lines"][0] | line]}
    for content in (event(), event(corrected, event_id="e-2"), event()):
        queue.publish(raw(content))
    _turns(3, queue, store)

    period = store.period("main-p881")

    assert dead_events(queue) == []
    assert [str(total.gross) for total in period.control_totals if period] == ["3750.00"]


def test_good_invoices_go_and_the_bad_one_is_told(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """The event waits for a person; sent again corrected, under its old id, it completes the period: no conflict."""
    items = invoices(3)
    items[2]["lines"][0]["net"] = "33.335"
    announced: list[str] = []
    queue.publish(raw(event(items)))
    _turns(1, queue, store, announce=lambda period, _: announced.append(period))

    ((dead, _),) = dead_events(queue)
    period = store.period("main-p881")
    assert [problem.invoice_number for problem in dead.problems] == [100003, None]
    assert "The other 2 invoices were taken in" in dead.problems[-1].description
    assert period is not None
    assert (period.total, period.invoice_count, announced) == (2, 3, ["main-p881"])

    queue.publish(raw(event(invoices(3))))
    _turns(1, queue, store)
    period = store.period("main-p881")
    assert period is not None
    assert (period.total, len(dead_events(queue))) == (3, 1)


def _killed(events: MemoryEvents, store: MemoryStore, name: str) -> None:
    """Let a consumer die in an event, as kill -9 does: nothing of it runs any more."""

    class Killed(BaseException):
        pass

    class Deadly(MemoryStore):
        @override
        def event_known(self, event_key: str) -> bool:
            raise Killed

    queue = MemoryEventQueue(events, consumer=name, heartbeat=0.0)
    with pytest.raises(Killed):
        consumer(queue, Deadly()).turn(threading.Event())
    assert len(list(store.periods())) == 0


def test_an_event_that_kills_its_readers_makes_way(events: MemoryEvents, store: MemoryStore) -> None:
    """After three deaths it is a dead letter, and the event behind it is taken in."""
    deadly, good = raw(event()), raw(event(invoices(1, first=7), event_id="e-2"))
    queue = MemoryEventQueue(events, consumer="last")
    for content in (deadly, good):
        queue.publish(content)
    for number in range(3):
        _killed(events, store, f"victim{number}")
    _turns(2, queue, store)

    ((dead, content),) = dead_events(queue)

    assert (dead.reason, content) == (EventReason.EVENT_KILLS, deadly)
    assert [record.invoice_number for record in store.invoices(None, None)] == [7]

    assert revive(queue, [dead.id]) == [dead.id]
    _turns(1, queue, store)
    assert len(list(store.invoices(None, None))) == 3


def test_an_outage_in_an_event_is_no_death(queue: MemoryEventQueue) -> None:
    """The process lives: however often Redis is away, the event is not counted against."""
    store = _Failing(20, StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "No answer.")), after=False)
    queue.publish(raw(event()))
    stop = threading.Event()
    consumer(queue, store, announce=lambda *_: stop.set(), pause=0.0).run(stop)

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


def test_an_event_of_an_export_that_is_about_to_be_taken_in_waits(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """It stays on the queue while the exports file has the export already; one that is in no file is refused."""
    queue.publish(raw(event(export="sweden")))
    _turns(2, queue, store, reader=reader(export(), in_file=lambda: ["main", "sweden"]))
    assert (queue.waiting(), dead_events(queue)) == (1, [])

    _turns(1, queue, store, reader=reader(export(), export(name="sweden")))
    assert store.period("sweden-p881") is not None

    queue.publish(raw(event(export="sverige", event_id="e-2")))
    _turns(1, queue, store, reader=reader(export(), in_file=lambda: ["main", "sweden"]))
    ((dead, _),) = dead_events(queue)
    assert dead is not None
    assert dead.reason is EventReason.EXPORT_UNKNOWN


def test_a_stop_is_heeded_within_two_seconds(queue: MemoryEventQueue, store: MemoryStore) -> None:
    """Also while the queue is empty."""

    def stopping() -> float:
        stop = threading.Event()
        thread = threading.Thread(target=consumer(queue, store).run, args=(stop,))
        thread.start()
        stop.set()
        return seconds(thread.join)

    assert quickest(stopping, within=2) < 2


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

    assert [line["event"] for line in lines] == ["event_taken_in", "event_taken_in", "event_refused"]
    assert "Acme" not in json.dumps(lines)
