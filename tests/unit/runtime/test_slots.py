"""Slots shared between exports; 20 of them, of which one export may use 10."""

from functools import partial

import pytest
from support.clock import ManualClock

from config.broker import all_slots, largest_share
from worker.runtime.slots import PACE, SLOW, Slots


class Worker:
    """Slots, and what was started on them."""

    def __init__(self, concurrency: int = 10) -> None:
        self.clock = ManualClock(100.0)
        self.slots = Slots(slots=2 * concurrency, now=lambda: self.clock.now)
        self.started: list[str] = []

    def offer(self, export: str, count: int) -> None:
        for _ in range(count):
            self.slots.offer(export, partial(self.started.append, export))

    def end(self, export: str, count: int = 1, *, fruitless: bool = False) -> None:
        for _ in range(count):
            self.slots.ended(export, fruitless=fruitless)

    def count(self, export: str) -> int:
        return self.started.count(export)


@pytest.mark.parametrize("concurrency", range(1, 201))
def test_an_export_has_slots_for_half_as_many_again_as_its_calls(concurrency: int) -> None:
    """However many there are: no export has fewer slots than calls, and as many are always left for others."""
    share = largest_share(all_slots(concurrency))

    assert share == concurrency + concurrency // 2 == all_slots(concurrency) - share


def test_one_export_leaves_slots_for_another() -> None:
    """Whatever it holds, and before anybody knows that it is slow; the other has its share once it has shown pace."""
    worker = Worker()
    worker.offer("sick", 30)
    worker.offer("healthy", 30)
    at_once = worker.count("healthy")
    worker.clock.advance(0.1)
    worker.end("healthy")

    assert (worker.count("sick"), at_once, worker.count("healthy")) == (10, 2, 1 + 10)


def test_a_slow_export_gives_back_what_it_has_borrowed() -> None:
    """While another has something to do, it is down to 2 of 20 slots as its executions end."""
    worker = Worker()
    worker.offer("sick", 30)
    worker.clock.advance(8.0)
    worker.offer("healthy", 30)
    worker.end("sick", 10)

    assert (worker.count("sick"), worker.count("healthy")) == (12, 2)


def test_what_was_given_back_is_borrowed_again() -> None:
    """Once the others have had nothing to do for a while, a slow export uses its whole share."""
    worker = Worker()
    worker.offer("sick", 30)
    worker.clock.advance(8.0)
    worker.offer("healthy", 1)
    worker.end("sick", 10)
    worker.end("healthy")
    worker.clock.advance(8.0)
    worker.end("sick", 2)

    assert worker.count("sick") == 10 + 2 + 10


def test_several_slow_exports_leave_slots_too() -> None:
    """Seven agreements that do not answer hold no more than one may, so that a healthy one finds its slots."""
    worker = Worker()
    for number in range(7):
        worker.offer(f"sick{number}", 1)
        worker.clock.advance(SLOW + 1)
        worker.end(f"sick{number}")
    worker.started.clear()
    for _ in range(5):
        for number in range(7):
            worker.offer(f"sick{number}", 1)
    slow = len(worker.started)
    worker.offer("healthy", 30)
    worker.clock.advance(0.1)
    worker.end("healthy")

    assert (slow, worker.count("healthy")) == (10, 1 + 10)


def test_a_fast_execution_ends_the_suspicion() -> None:
    """A healed agreement has its whole share again, beside others."""
    worker = Worker()
    worker.offer("healed", 1)
    worker.clock.advance(8.0)
    worker.end("healed")
    worker.offer("healed", 1)
    worker.clock.advance(0.1)
    worker.end("healed")
    worker.offer("other", 1)
    worker.offer("healed", 20)

    assert worker.count("healed") == 2 + 10


def test_enough_waits_here_when_an_export_is_full() -> None:
    """Ten beside those that run: then its queue rests, until one of them starts."""
    worker = Worker()
    worker.offer("main", 19)
    early = worker.slots.full("main")
    worker.offer("main", 1)
    full = worker.slots.full("main")
    worker.end("main")

    assert (early, full, worker.slots.full("main"), worker.slots.holds()) == (False, True, False, True)


def test_with_a_new_connection_what_waited_is_forgotten() -> None:
    """Its messages belong to the old one; what runs goes on and keeps its slot."""
    worker = Worker()
    worker.offer("main", 20)
    worker.slots.drop_held()
    worker.end("main")

    assert (worker.count("main"), worker.slots.holds()) == (10, False)


def test_what_cannot_be_started_keeps_no_slot() -> None:
    """Its end never comes: an export would lose its slots one by one."""

    def broken() -> None:
        raise LookupError("no such task")

    worker = Worker()
    for _ in range(30):
        with pytest.raises(LookupError):
            worker.slots.offer("main", broken)
    worker.offer("main", 10)

    assert worker.count("main") == 10


def test_what_a_dead_worker_left_goes_before_what_waits() -> None:
    """In the order in which it came; what is running goes on, and another export is not concerned."""
    worker, started = Worker(), []
    worker.offer("main", 30)
    running = worker.count("main")
    for name in ("recovered-1", "recovered-2"):
        worker.slots.offer("main", partial(started.append, name), first=True)
    worker.offer("main", 1)
    assert (started, worker.count("main")) == ([], running)

    worker.end("main", 2)
    assert started == ["recovered-1", "recovered-2"]
    worker.end("main")
    assert worker.count("main") == running + 1
    worker.slots.offer("main", partial(started.append, "recovered-3"), first=True)
    worker.end("main")
    assert started[-1] == "recovered-3"


def test_what_is_dropped_with_a_connection_leaves_no_place_behind() -> None:
    """A message that comes first afterwards goes to the front, not behind those that are gone."""
    worker, started = Worker(), []
    worker.offer("main", 30)
    worker.slots.offer("main", partial(started.append, "gone"), first=True)
    worker.slots.drop_held()
    worker.offer("main", 3)
    worker.slots.offer("main", partial(started.append, "recovered"), first=True)
    worker.end("main")
    assert started == ["recovered"]


def test_an_export_that_comes_to_nothing_is_tried_one_by_one_beside_others() -> None:
    """An agreement that answers 429: after three executions for nothing, four a second until one comes to something."""
    worker = Worker()
    worker.offer("healthy", 300)
    worker.offer("sick", 300)
    worker.end("sick", 3, fruitless=True)
    before, paced = worker.count("sick"), worker.slots.paced()
    for _ in range(40):  # ten seconds
        worker.clock.advance(PACE)
        worker.end("healthy")
        worker.end("sick", fruitless=True)

    done = worker.count("sick") - before
    worker.end("sick")

    assert paced
    assert 0 < done <= 40  # what it had begun before ends meanwhile
    assert not worker.slots.paced()
    assert worker.count("sick") > before + done + 1


def test_an_export_that_comes_to_nothing_is_not_paced_alone() -> None:
    """There is nobody that it could slow down."""
    worker = Worker()
    worker.offer("sick", 30)
    worker.end("sick", 10, fruitless=True)

    assert worker.count("sick") == 20


def test_what_waits_for_the_creation_of_a_customer_paces_nobody_for_long() -> None:
    """Nine of ten invoices of a new customer wait for the first; once that is done, all start at once."""
    worker = Worker()
    worker.offer("other", 1)
    worker.offer("healthy", 300)
    worker.end("healthy")
    worker.end("healthy", 9, fruitless=True)
    waiting = worker.count("healthy")
    worker.end("healthy")

    assert worker.count("healthy") - waiting >= 8
