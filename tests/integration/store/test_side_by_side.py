"""Both stores through the same random life: equal answers at every step, and what must hold whatever happens."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from support.clock import ManualClock
from support.memory_store import MemoryStore
from support.store import steps
from support.store.echo import EchoingRedis
from support.store.intake_rules import INTENT
from support.store.steps import FAILURE
from typing_extensions import override

from worker.domain.frozen_set import Choice
from worker.domain.invoice_search import InvoiceFilter
from worker.domain.record import (
    Continue,
    Finish,
    InvoiceRecord,
    MoveToDeadLetters,
    Outcome,
    ReturnToQueue,
    State,
    Transition,
    Wait,
)
from worker.domain.store_port import Store
from worker.errors import Busy, LeaseLost, StoreUnavailable
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

EXPORTS = st.sampled_from(["main", "other"])
PERIODS = st.sampled_from([881, 882])
EVENTS = st.sampled_from(["e-1", "e-2", "e-3"])
NUMBERS = st.sampled_from([1, 2, 3, 4])
EVENT_CONTENTS = st.frozensets(st.sampled_from(["a", "b"]))
CONTENTS = st.sampled_from(["one", "two"])
KEYS = st.sampled_from(["customer:1", "product:2"])
POLICY = StorePolicy(lease_seconds=10, lost_after=6, idle_after=8, overtaken_by=2, max_crashes=2)
PROGRESS = st.sampled_from([{}, {"intent": INTENT}, {"intent": None, "draft_number": 5}, {"generation": 4}])

#: By state, by reason, by number and by customer.
WANTED = [
    InvoiceFilter(),
    *(InvoiceFilter(state=state) for state in State),
    InvoiceFilter(reason=FAILURE.reason),
    InvoiceFilter(state=State.WAITING, reason=FAILURE.reason),
]


#: What batches are made of.
CHOSEN = [
    InvoiceFilter(state=State.DEAD),
    InvoiceFilter(state=State.DEAD, reason=FAILURE.reason),
    InvoiceFilter(state=State.EXPORTED),
]


class Sparing(RedisStore):
    """Counts the invoices that it reads whole."""

    whole = 0

    @override
    def records(self, invoice_ids: Sequence[str], state: State | None = None) -> Iterator[InvoiceRecord]:
        self.whole += len(invoice_ids)
        return super().records(invoice_ids, state)


class SideBySide(RuleBasedStateMachine):
    """Drives a store on Redis and the memory store with the same calls at the same times."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.client = client
        self.prefix = f"test-{uuid.uuid4().hex}:"
        self.stored = Sparing(client, prefix=self.prefix, policy=POLICY, clock=self.clock)
        self.memory = MemoryStore(policy=POLICY, clock=self.clock)
        #: Every record that was ever claimed, stale ones too.
        self.claimed: list[InvoiceRecord] = []
        self.creations: list[tuple[str, Any]] = []
        self.fences: dict[str, int] = {}
        self.lengths: dict[str, int] = {}
        self.known: set[str] = set()

    def teardown(self) -> None:
        for key in self.client.scan_iter(f"{self.prefix}*"):
            self.client.delete(key)

    def both(self, call: Callable[[Store], Any]) -> Any:
        answers = [_answer(call, store) for store in (self.memory, self.stored)]
        assert answers[0] == answers[1]
        return answers[0]

    @rule(export=EXPORTS, period=PERIODS, event=EVENTS, count=st.integers(0, 5))
    def open_period(self, export: str, period: int, event: str, count: int) -> None:
        self.both(lambda store: store.open_period(steps.period(period, export=export, count=count), event))

    @rule(export=EXPORTS, period=PERIODS, event=EVENTS, numbers=st.sets(NUMBERS), content=CONTENTS)
    def register(self, export: str, period: int, event: str, numbers: set[int], content: str) -> None:
        chunk = [steps.new_invoice(number, export=export, content=content) for number in sorted(numbers)]
        done = self.both(lambda store: store.register(f"{export}-p{period}", event, chunk))
        if done is not StoreUnavailable:
            self.known |= {invoice.id for invoice in chunk}

    @rule(export=EXPORTS, period=PERIODS, event=EVENTS, contents=EVENT_CONTENTS)
    def close_event(self, export: str, period: int, event: str, contents: frozenset[str]) -> None:
        self.both(lambda store: store.close_event(f"{export}-p{period}", event, contents))
        self.both(lambda store: (store.event_known(event), store.event_contents(event)))

    @rule(export=EXPORTS, period=PERIODS, event=EVENTS, numbers=st.sets(NUMBERS, min_size=2), content=CONTENTS)
    def whole_event(self, export: str, period: int, event: str, numbers: set[int], content: str) -> None:
        self.open_period(export, period, event, len(numbers))
        self.register(export, period, event, numbers, content)
        self.close_event(export, period, event, frozenset())

    @rule(data=st.data(), export=EXPORTS, period=PERIODS, end=st.sampled_from(["finish", "defer", "hold", "crash"]))
    def preflight(self, data: st.DataObject, export: str, period: int, end: str) -> None:
        period_id = f"{export}-p{period}"
        fence = self.both(lambda store: store.claim_period(period_id))
        received = self.both(lambda store: list(store.received(period_id)))
        ids = [record.id for record in received]
        read = {record.id: data.draw(st.just(record.content_hash) | CONTENTS) for record in received}
        dead = {key: FAILURE for key in ids if data.draw(st.integers(0, 3)) == 0}
        queued = [key for key in ids if key not in dead]
        lookup = frozenset(key for key in queued if data.draw(st.integers(0, 3)) == 0)
        used = fence or data.draw(st.integers(0, 2))
        self.both(
            lambda store: store.pass_preflight(period_id, used, read=read, queued=queued, lookup=lookup, dead=dead)
        )
        if end == "finish":
            self.both(lambda store: store.finish_preflight(period_id, used, notice="done"))
        if end in ("defer", "hold"):
            until, held = self.clock.now + 3, end == "hold"
            self.both(lambda store: store.defer_preflight(period_id, used, until=until, notice="later", held=held))

    @rule(numbers=st.sets(NUMBERS), export=EXPORTS)
    def published(self, numbers: set[int], export: str) -> None:
        self.both(lambda store: store.published([f"{export}-{number}" for number in sorted(numbers)]))

    @rule(number=NUMBERS, export=EXPORTS)
    def claim(self, number: int, export: str) -> None:
        record = self.both(lambda store: store.claim(f"{export}-{number}"))
        if isinstance(record, InvoiceRecord):
            self.claimed.append(record)

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), changes=PROGRESS)
    def save(self, data: st.DataObject, changes: dict[str, Any]) -> None:
        """By the holder or by a stale one."""
        at = data.draw(st.integers(0, len(self.claimed) - 1))
        record = self.claimed[at].with_progress(**changes)
        transition = data.draw(st.sampled_from(_transitions(self.clock.now)))
        saved = self.both(lambda store: store.save(record, transition))
        if isinstance(saved, InvoiceRecord):
            self.claimed[at] = saved

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        """By the holder or by a stale one."""
        record = data.draw(st.sampled_from(self.claimed))
        self.both(lambda store: store.renew(record.id, record.fence))

    @rule(idle=st.sets(EXPORTS).map(frozenset), limit=st.sampled_from([2, 3, 500]))
    def sweep(self, idle: frozenset[str], limit: int) -> None:
        self.both(lambda store: list(store.sweep(idle_exports=idle, limit=limit)))

    @rule(seconds=st.sampled_from([0.001, 1.0, 2.5, 6.0, 10.0, 120.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(export=EXPORTS, agreement=st.sampled_from([417001, 417002]))
    def pin(self, export: str, agreement: int) -> None:
        self.both(lambda store: store.pin(export, agreement))

    @rule(export=EXPORTS)
    def pause(self, export: str) -> None:
        self.both(lambda store: store.pause(export, FAILURE))

    @rule(export=EXPORTS, number=NUMBERS)
    def message_for_a_paused_export(self, export: str, number: int) -> None:
        self.published({number}, export)
        self.pause(export)
        self.claim(number, export)

    @rule(export=EXPORTS)
    def resume(self, export: str) -> None:
        self.both(lambda store: store.resume(export))

    @rule(numbers=st.sets(NUMBERS), export=EXPORTS)
    def requeue(self, numbers: set[int], export: str) -> None:
        ids = [f"{export}-{number}" for number in sorted(numbers)]
        self.both(lambda store: list(store.requeue(ids, by="kim")))

    @rule(numbers=st.sets(NUMBERS), export=EXPORTS, by_hand=st.booleans())
    def reexport(self, numbers: set[int], export: str, *, by_hand: bool) -> None:
        ids = [f"{export}-{number}" for number in sorted(numbers)]
        self.both(lambda store: dict(store.states(ids)))
        self.both(lambda store: list(store.reexport(ids, by="kim", by_hand=by_hand)))

    @rule(number=NUMBERS, export=EXPORTS)
    def mark_exported(self, number: int, export: str) -> None:
        self.both(lambda store: store.mark_exported(f"{export}-{number}", by="kim", why="seen"))

    @rule(key=KEYS)
    def open_shared(self, key: str) -> None:
        creation = self.both(lambda store: store.open_shared(key))
        if creation is not Busy:
            self.creations.append((key, creation))

    @precondition(lambda self: self.creations)
    @rule(data=st.data(), number=st.none() | st.just("1001"), generation=st.integers(0, 2))
    def save_shared(self, data: st.DataObject, number: str | None, generation: int) -> None:
        key, creation = data.draw(st.sampled_from(self.creations))
        changed = replace(creation, number=number, intent=INTENT, generation=generation)
        self.both(lambda store: store.save_shared(key, changed))

    @rule(key=KEYS, fence=st.integers(1, 3))
    def renew_shared(self, key: str, fence: int) -> None:
        self.both(lambda store: store.renew_shared(key, fence))

    @rule(key=KEYS, fence=st.integers(1, 3), forget=st.booleans())
    def end_shared(self, key: str, fence: int, *, forget: bool) -> None:
        self.both(lambda store: store.forget_shared(key) if forget else store.release_shared(key, fence))

    @rule(keys=st.lists(KEYS, max_size=2))
    def doubt_shared(self, keys: list[str]) -> None:
        self.both(lambda store: store.doubt_shared(keys))

    @invariant()
    def the_stores_are_equal(self) -> None:
        """Records with their histories, periods with their counts, and every listing."""
        for invoice_id in sorted(self.known):
            self.both(lambda store, key=invoice_id: store.invoice(key))
        self.both(lambda store: list(store.periods()))
        self.both(lambda store: list(store.periods_due()))
        self.both(lambda store: list(store.invoices(None, State.DEAD)))
        self.both(lambda store: list(store.invoices(None, None)))
        self.both(lambda store: dict(store.paused()))

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every invoice that ever came in is there, in one state, with all of its history."""
        for invoice_id in self.known:
            record = self.stored.invoice(invoice_id)
            assert record is not None
            assert len(record.history) >= self.lengths.get(invoice_id, 1)
            self.lengths[invoice_id] = len(record.history)

    @invariant()
    def counts_add_up(self) -> None:
        """A period counts each of its invoices once, in its state."""
        for period in self.stored.periods():
            states = [record.state for record in self.stored.invoices(period.id, None)]
            assert {state: states.count(state) for state in states} == period.counts

    @invariant()
    def sums_and_lists_are_kept_with_every_move(self) -> None:
        """A period's sums and lists are those of its records, and the sums are had without reading any."""
        for period in self.stored.periods():
            self.stored.whole = 0
            sums = self.stored.period_sums(period.id)
            assert self.stored.whole == 0
            added_up = self.memory.period_sums(period.id)
            assert replace(sums, last_activity=0, minutes={}) == replace(added_up, last_activity=0, minutes={})
            for wanted in WANTED:
                self.both(lambda store, key=period.id, it=wanted: store.find(key, it, start=0, count=9))

    @invariant()
    def a_batch_is_counted_from_kept_sums(self) -> None:
        """Number and money of what a batch would hold are those of the records, and no record is read for them."""
        for period in self.stored.periods():
            self.stored.whole = 0
            for wanted in CHOSEN:
                choice = Choice(export=period.export, period=period.id, wanted=wanted)
                kept, counted = self.stored.staked(period.id, wanted), self.memory.counted(choice)
                assert kept is not None
                assert kept[0] == counted.invoices
                money = {currency: Decimal(amount) / 100 for currency, amount in kept[1].items() if amount}
                assert money == counted.at_stake
            assert self.stored.whole == 0

    @invariant()
    def fences_only_rise(self) -> None:
        """An older holder can never look newer."""
        for invoice_id in self.known:
            fence = steps.stored(self.stored, invoice_id).fence
            assert fence >= self.fences.get(invoice_id, 0)
            self.fences[invoice_id] = fence

    @invariant()
    def at_most_one_may_save(self) -> None:
        """Of all that ever claimed an invoice, only the last one's fence stands, and only while it exports."""
        for invoice_id in self.known:
            stored = steps.stored(self.stored, invoice_id)
            fences = [record.fence for record in self.claimed if record.id == invoice_id]
            holders = [fence for fence in fences if stored.state is State.EXPORTING and fence == stored.fence]
            assert len(holders) == (1 if stored.state is State.EXPORTING else 0)

    @invariant()
    def every_invoice_is_somewhere_to_be_found(self) -> None:
        """What is neither done nor dead is in exactly the one index that will bring it back; the dead in theirs."""
        homes = {State.EXPORTING: {"leases"}, State.WAITING: {"due"}, State.QUEUED: {"sent", "unsent"}}
        for invoice_id in self.known:
            record = steps.stored(self.stored, invoice_id)
            names = [(name, f"{self.prefix}{name}:{record.export}") for name in ("leases", "due", "sent", "unsent")]
            indexes = {name for name, key in names if self.client.zscore(key, invoice_id) is not None}
            assert indexes <= homes.get(record.state, set())
            assert len(indexes) == (1 if record.state in homes else 0)
            dead = self.client.zscore(f"{self.prefix}dead", invoice_id) is not None
            assert dead == (record.state is State.DEAD)


def _answer(call: Callable[[Store], Any], store: Store) -> Any:
    try:
        return call(store)
    except (Busy, LeaseLost, StoreUnavailable) as error:
        return type(error)


def _transitions(now: float) -> list[Transition]:
    return [
        Continue(event="drafted", detail="5"),
        Finish(outcome=Outcome.BOOKED),
        Wait(until=now + 1.5, failure=FAILURE, costs_attempt=True),
        Wait(until=now, failure=FAILURE, costs_attempt=False),
        MoveToDeadLetters(failure=FAILURE),
        ReturnToQueue(),
    ]


@pytest.mark.timeout(400)  # a failure takes its time to be made small
def test_both_stores_live_the_same_life(redis_url: str) -> None:
    """Random operations in random order, stale holders and expired leases included; every script runs twice."""
    with EchoingRedis.from_url(redis_url) as client:
        run_state_machine_as_test(
            lambda: SideBySide(client),
            settings=settings(
                max_examples=50,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
