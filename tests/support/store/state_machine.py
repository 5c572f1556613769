"""Every move of an invoice that a store makes, seen by trying every operation in every state."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from support.clock import ManualClock
from support.store import steps

from worker.domain.record import Continue, Finish, MoveToDeadLetters, Outcome, ReturnToQueue, State, Transition, Wait
from worker.domain.store_port import Store

ID = "main-1"
#: Later than every lease, due time and moment from which a message counts as lost.
LATE = 10_000.0

Operation = Callable[[Store, ManualClock], object]


def _to_received(store: Store, _: ManualClock) -> None:
    steps.take_in(store, 1)


def _to_queued(store: Store, _: ManualClock) -> None:
    steps.queue(store, 1)


def _to_exporting(store: Store, clock: ManualClock) -> None:
    _to_queued(store, clock)
    store.published([ID])
    steps.claim(store, ID)


def _to_waiting(store: Store, clock: ManualClock) -> None:
    _to_queued(store, clock)
    store.save(steps.claim(store, ID), Wait(until=clock.now + 30, failure=steps.FAILURE, costs_attempt=True))


def _to_exported(store: Store, clock: ManualClock) -> None:
    _to_queued(store, clock)
    store.save(steps.claim(store, ID), Finish(outcome=Outcome.BOOKED))


def _to_dead(store: Store, _: ManualClock) -> None:
    steps.dead_letter(store, 1)


#: How an invoice comes to each state.
ROADS: Mapping[State, Operation] = {
    State.RECEIVED: _to_received,
    State.QUEUED: _to_queued,
    State.EXPORTING: _to_exporting,
    State.WAITING: _to_waiting,
    State.EXPORTED: _to_exported,
    State.DEAD: _to_dead,
}


def _other_content(store: Store, _: ManualClock) -> None:
    whole = steps.period(881, count=1)
    store.open_period(whole, "e-2")
    store.register(whole.id, "e-2", [steps.new_invoice(1, content="two")])
    store.close_event(whole.id, "e-2")


def _preflight(store: Store, *, refuse: bool) -> None:
    fence = store.claim_period("main-p881")
    if fence is not None:
        dead = {ID: steps.FAILURE} if refuse else {}
        queued = [] if refuse else [ID]
        store.pass_preflight("main-p881", fence, read=steps.READ, queued=queued, lookup=frozenset(), dead=dead)


def _saves(clock: ManualClock) -> Iterator[Operation]:
    wait = Wait(until=clock.now + 30, failure=steps.FAILURE, costs_attempt=True)
    ends = (Finish(outcome=Outcome.BOOKED), wait, MoveToDeadLetters(failure=steps.FAILURE), ReturnToQueue())
    for transition in (Continue(event="drafted"), *ends):
        yield partial(_save, transition)


def _save(transition: Transition, store: Store, _: ManualClock) -> None:
    store.save(steps.stored(store, ID), transition)


def _sweep_late(store: Store, clock: ManualClock) -> None:
    clock.advance(LATE)
    store.sweep(idle_exports=frozenset({"main"}))


def operations(clock: ManualClock, state: State) -> Iterator[Operation]:
    """Yield everything that may be tried in this state; a save needs a holder, so only while exporting."""
    yield _other_content
    yield lambda store, _: _preflight(store, refuse=False)
    yield lambda store, _: _preflight(store, refuse=True)
    yield lambda store, _: store.claim(ID)
    yield lambda store, _: store.requeue([ID], by="kim")
    yield lambda store, _: store.reexport([ID], by="kim")
    yield lambda store, _: store.mark_exported(ID, by="kim", why="by hand")
    yield _sweep_late
    if state is State.EXPORTING:
        yield from _saves(clock)


def observed(make: Callable[[ManualClock], Store]) -> set[tuple[State, State]]:
    """Return every (from, to) that some operation brings about; staying in a state counts when a save did it.

    Other content sends an invoice back to ``received`` even from there: its history tells.
    """
    moves: set[tuple[State, State]] = set()
    for state, road in ROADS.items():
        for number in range(20):
            clock = ManualClock(1_795_248_000.0)
            store = make(clock)
            road(store, clock)
            tried = list(operations(clock, state))
            if number >= len(tried):
                break
            before = steps.events(store, ID)
            tried[number](store, clock)
            after = steps.stored(store, ID).state
            if after is not state or (state is not State.EXPORTED and _moved_in_place(before, steps.events(store, ID))):
                moves.add((state, after))
    moves |= set(_killed_three_times(make))
    return moves


def _moved_in_place(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> bool:
    return any(event in {"replaced", "drafted"} for event, _ in after[len(before) :])


def _killed_three_times(make: Callable[[ManualClock], Store]) -> Iterator[tuple[State, State]]:
    """The third time it is a dead letter, until its last worker shows that it lives."""
    clock = ManualClock(1_795_248_000.0)
    store = make(clock)
    _to_queued(store, clock)
    for _ in range(3):
        while steps.stored(store, ID).state is not State.QUEUED:
            _sweep_late(store, clock)
        fence = steps.claim(store, ID).fence
        clock.advance(LATE)
        store.sweep(idle_exports=frozenset())
    dead = steps.stored(store, ID).state
    yield State.EXPORTING, dead
    store.give_back(ID, fence)
    yield dead, steps.stored(store, ID).state
