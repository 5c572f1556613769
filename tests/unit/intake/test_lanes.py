import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event, invoices, raw, reader
from support.intake import consumer
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export

from worker.domain.invoice_period import PeriodState
from worker.domain.reasons import EventReason, ProcessReason, failure
from worker.errors import StoreUnavailable, Unavailable
from worker.intake.lanes import MOST_IN_HAND, MOST_OF_A_PLACE, Lanes, Reading, next_reading, place_of
from worker.intake.queue import dead_events
from worker.intake.reading import read_event
from worker.intake.web_sources import Fetched, WebRules

EXPORTS = ("anna", "berit", "carl", "dorte", "erik", "fast")
PATIENCE = 60.0
"""Bound of a hang, not a timing: conditions are waited for."""


def _reading(name: str = "main", place: str = "//a", *, alone: bool = False, content: bytes = b"") -> Reading:
    return Reading(raw=content, run=lambda: None, export=name, place=place, alone=alone)


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(("//a", "//b", "inline")), st.booleans()), max_size=12),
    st.integers(2, 5),
    st.randoms(use_true_random=False),
)
def test_whatever_comes_keeps_the_rules_and_comes_to_its_end(
    kinds: list[tuple[str, str, bool]], readers: int, chance: Any
) -> None:
    """Never more than readers, one of an export in its order, few of a place, nothing beside one that is alone."""
    waiting = [_reading(name, place, alone=alone) for name, place, alone in kinds]
    order, running, begun = list(waiting), list[Reading](), list[Reading]()
    while waiting or running:
        found = next_reading(waiting, running, readers)
        if found is None:
            running.remove(chance.choice(running))  # fails where nothing runs and nothing may begin
            continue
        waiting.remove(found)
        running.append(found)
        begun.append(found)
        assert len(running) <= readers
        assert len({each.export for each in running}) == len(running)
        assert all(sum(each.place == place for each in running) <= MOST_OF_A_PLACE for place in ("//a", "//b"))
        assert sum(each.place == "inline" for each in running) <= 1 or found.alone
        assert len(running) == 1 or not any(each.alone for each in running)
    for name in "xyz":
        assert [each for each in begun if each.export == name] == [each for each in order if each.export == name]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://files.example.dk/a/1.json", "//files.example.dk"),
        ("https://FILES.example.dk:8443/b/2.json", "//files.example.dk"),
        ("file:///srv/anna/1.json", "/srv/anna"),
        ("https://[::1/x", "no address"),
    ],
)
def test_a_place_is_a_host_or_a_folder(url: str, place: str) -> None:
    """An address that cannot be read is a place too: its refusal is the reader's."""
    assert place_of(_event(url)) == place


def test_what_an_event_holds_itself_is_a_place_too() -> None:
    """Only one of those is in memory as invoices at a time."""
    assert place_of(read_event(raw(event()), limit=1 << 20)) == "inline"


def _event(url: str) -> Any:
    return read_event(raw(_referring(url)), limit=1 << 20)


def _referring(url: str, **data: Any) -> dict[str, Any]:
    return event(invoices=..., invoicesRef={"url": url, "sha256": "0" * 64, "count": 2}, **data)


class _Site:
    """A consumer with lanes in a thread, and file hosts of which ``drip.dk`` sends nothing until it is let."""

    def __init__(self, **changes: Any) -> None:
        self.events = MemoryEvents()
        self.queue = MemoryEventQueue(self.events, consumer="first")
        self.store = MemoryStore()
        self.stop, self.let = threading.Event(), threading.Event()
        self.fetching: list[str] = []
        self.most_fetching = 0
        self.changed = threading.Condition()
        self.readings = reader(
            *(export(name=name) for name in EXPORTS),
            rules=WebRules(hosts=("drip.dk", "drop.dk")),
            fetch=self._fetch,
        )
        settings = {"lanes": Lanes(readers=6, most_bytes=1 << 20), "reader": self.readings, "announce": self.announce}
        self.tested = consumer(self.queue, self.store, **settings | changes)

    @contextmanager
    def _fetch(self, url: str, *, address: str) -> Iterator[Fetched]:  # noqa: ARG002  # as Fetch
        with self.changed:
            self.fetching.append(url)
            self.most_fetching = max(self.most_fetching, len(self.fetching))
            self.changed.notify_all()
        if "//drip.dk" in url:
            assert self.let.wait(PATIENCE)
        with self.changed:
            self.fetching.remove(url)
        raise Unavailable(failure(EventReason.INVOICES_FILE_UNAVAILABLE, "The answer broke off."))
        yield

    def announce(self, *_: str) -> None:
        """Have the condition that is waited for looked at again."""
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until it holds."""
        ends = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < ends, "nothing happened for a minute"
            with self.changed:
                self.changed.wait(0.01)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Consume meanwhile; at the end the dripping host lets go."""
        thread = threading.Thread(target=self.tested.run, args=(self.stop,))
        thread.start()
        try:
            yield
        finally:
            self.let.set()
            self.stop.set()
            thread.join(PATIENCE)
        assert not thread.is_alive()


def test_five_events_on_a_dripping_host_hold_up_nobody_else() -> None:
    """The sixth export's period is complete while none of theirs has ended; two of them are read at a time."""
    site = _Site()
    for number, name in enumerate(EXPORTS[:5]):
        site.queue.publish(raw(_referring(f"https://drip.dk/{name}", export=name, event_id=f"slow-{number}")))
    site.queue.publish(raw(event(invoices(3), export="fast", event_id="fast")))
    with site.running():
        site.wait_for(lambda: site.store.period("fast-p881"))
        site.wait_for(lambda: len(site.fetching) == MOST_OF_A_PLACE)
        assert not site.let.is_set()

    period = site.store.period("fast-p881")
    assert (period and period.state, period and period.total) == (PeriodState.REGISTERED, 3)
    assert site.most_fetching == MOST_OF_A_PLACE


def test_another_export_on_the_same_host_is_not_behind_all_of_one() -> None:
    """However many events of one export wait there: they take one lane."""
    site = _Site()
    for number in range(5):
        site.queue.publish(raw(_referring(f"https://drip.dk/{number}", export="anna", event_id=f"slow-{number}")))
    site.queue.publish(raw(_referring("https://drip.dk/other", export="berit", event_id="other")))
    with site.running():
        site.wait_for(lambda: sorted(site.fetching) == ["https://drip.dk/0", "https://drip.dk/other"])


def test_events_of_one_export_are_taken_in_in_their_order() -> None:
    """A correction that is quickly read does not overtake what it corrects."""
    site = _Site(fetch_attempts=1)
    site.queue.publish(raw(_referring("https://drip.dk/first", export="anna", event_id="e-1")))
    site.queue.publish(raw(event(export="anna", event_id="e-2")))
    site.queue.publish(raw(event(export="fast", event_id="e-3")))
    with site.running():
        site.wait_for(lambda: site.store.period("fast-p881"))
        assert site.store.period("anna-p881") is None
        site.let.set()
        site.wait_for(lambda: site.store.period("anna-p881"))

    assert [dead.event_key for dead, _ in dead_events(site.queue)] == ["/opter/acme/1#e-1"]


def test_the_same_bytes_twice_are_read_one_after_the_other() -> None:
    """The second stays in the consumer's list until the first is done, and is then known."""
    site = _Site(fetch_attempts=1)
    content = raw(event(export="fast", event_id="twice"))
    slow = raw(_referring("https://drip.dk/slow", export="fast", event_id="slow"))
    for each in (slow, content, content):
        site.queue.publish(each)
    with site.running():
        site.wait_for(lambda: site.fetching)
        site.let.set()
        site.wait_for(lambda: not site.queue.waiting())

    period = site.store.period("fast-p881")
    assert (period and period.total, [each for each, _ in site.queue.dead()]) == (2, [slow])


def test_a_stop_gives_back_what_waits_uncounted() -> None:
    """Nothing of it counts as a death, and the next consumer has all of it."""
    site = _Site()
    sent = [raw(_referring(f"https://drip.dk/{n}", export="anna", event_id=f"slow-{n}")) for n in range(4)]
    for content in sent:
        site.queue.publish(content)
    with site.running():
        site.wait_for(lambda: site.fetching)
        site.stop.set()

    assert sorted(site.events.queue) == sorted(sent)
    assert not site.events.readings


def test_one_that_kills_takes_no_neighbour_with_it() -> None:
    """Read beside it at two deaths, an event is read alone at its third; only what kills alone is a dead letter."""
    events = MemoryEvents()
    deadly, others = raw(event(event_id="deadly")), [raw(event(export="fast", event_id=f"e-{n}")) for n in range(3)]
    for content in (deadly, *others):
        MemoryEventQueue(events).publish(content)
        events.readings[content] = 2  # all of them were being read when two processes died

    class Killed(BaseException):
        """The process ends here."""

    class Deadly(MemoryStore):
        def event_known(self, event_key: str) -> bool:
            if event_key.endswith("deadly"):
                raise Killed
            return super().event_known(event_key)

    store = Deadly()
    reading = reader(export(), export(name="fast"))
    for number in range(2):
        queue = MemoryEventQueue(events, consumer=f"c{number}", heartbeat=0.0)
        tested = consumer(queue, store, reader=reading)
        try:
            for _ in range(6):
                tested.turn(threading.Event())
        except Killed:
            assert {content for content in others if events.readings[content] != 2} == set()
    ((dead, content),) = dead_events(MemoryEventQueue(events))
    period = store.period("fast-p881")

    assert (dead.reason, content) == (EventReason.EVENT_KILLS, deadly)
    assert (period and period.total, MemoryEventQueue(events).waiting()) == (2, 0)


def test_nothing_is_begun_beside_one_that_is_read_alone() -> None:
    """Its third reading has to show that it is not the one that kills."""
    site = _Site()
    suspect = raw(_referring("https://drip.dk/suspect", export="anna", event_id="suspect"))
    site.events.readings[suspect] = 2
    site.queue.publish(suspect)
    site.queue.publish(raw(_referring("https://drop.dk/next", export="berit", event_id="next")))
    with site.running():
        site.wait_for(lambda: site.fetching)
        lanes = site.tested.lanes
        assert (lanes.room(0.0), lanes.in_hand()) == (False, {suspect})
        assert site.fetching == ["https://drip.dk/suspect"]


def test_an_outage_in_a_lane_is_heard_and_the_event_is_taken_again() -> None:
    """Before those that came after it, and without counting a death."""
    failing = threading.Event()

    class Failing(MemoryStore):
        def event_known(self, event_key: str) -> bool:
            if not failing.is_set():
                failing.set()
                raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "No answer."))
            return super().event_known(event_key)

    site = _Site()
    store = Failing()
    order: list[str] = []

    def announce(period_id: str, _: str) -> None:
        order.append(period_id)
        site.announce(period_id)

    tested = consumer(
        site.queue, store, reader=site.readings, lanes=Lanes(readers=2, most_bytes=1 << 20), announce=announce
    )
    for number in (1, 2):
        period = {"id": number, "name": f"p{number}", "region": None, "closedAt": "2026-11-20T15:04:05Z"}
        items = invoices(1, first=number * 100)
        site.queue.publish(raw(event(items, export="fast", event_id=f"e-{number}", period=period)))
    thread = threading.Thread(target=tested.run, args=(site.stop,))
    thread.start()
    site.wait_for(lambda: len(order) == 2)
    site.stop.set()
    thread.join(PATIENCE)

    assert order == ["fast-p1", "fast-p2"]
    assert (site.queue.waiting(), dead_events(site.queue), +site.events.readings) == (0, [], {})


def test_nothing_begins_after_a_failure_that_was_not_heard() -> None:
    """What was taken just then came after the one that failed: it is taken again behind it."""
    lanes, failed = Lanes(readers=2, most_bytes=1 << 20), threading.Event()

    def fail() -> None:
        failed.set()
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "No answer."))

    lanes.start(Reading(raw=b"1", run=fail, export="main"))
    assert failed.wait(PATIENCE)
    while lanes.in_hand():
        time.sleep(0.001)
    lanes.start(Reading(raw=b"2", run=pytest.fail, export="main"))

    assert lanes.in_hand() == frozenset()
    with pytest.raises(StoreUnavailable):
        lanes.room(0.0)
    assert lanes.room(0.0)
    lanes.close()


@pytest.mark.parametrize("most", [MOST_IN_HAND, 3])
def test_what_is_in_hand_is_bounded(most: int) -> None:
    """By number and by bytes: what is beyond stays on the queue."""
    lanes = Lanes(readers=2, most_bytes=1_000_000 if most == MOST_IN_HAND else 25)
    gate = threading.Event()
    for number in range(most):
        assert lanes.room(0.0)
        lanes.start(Reading(raw=b"%010d" % number, run=gate.wait, export="main", place="//a"))  # type: ignore[arg-type]  # what it returns is nothing to a lane

    assert not lanes.room(0.0)
    gate.set()
    assert lanes.room(PATIENCE)
    lanes.close()
