"""What every store says of a batch before it is confirmed, and what it freezes then."""

from dataclasses import replace
from decimal import Decimal

from support.clock import ManualClock
from support.samples import customer, invoice, line
from support.store import steps
from support.store.batch_rules import ORDER, die, moved_at, states
from support.store.index_rules import OTHER, PERIOD, finish, take_in
from support.store.steps import FAILURE

from worker.domain.causes import cause_id
from worker.domain.frozen_set import Choice
from worker.domain.invoice_search import InvoiceFilter
from worker.domain.record import MoveToDeadLetters, Outcome, State, Wait
from worker.domain.store_port import Store

SET = "main-set-1"
DEAD = Choice(export="main", period=PERIOD, wanted=InvoiceFilter(state=State.DEAD))
EXPORTED = replace(DEAD, wanted=InvoiceFilter(state=State.EXPORTED), anyway=True)
OF_CAUSE = Choice(export="main", cause=cause_id("main", FAILURE))


def narrowed(choice: Choice = DEAD, **wanted: object) -> Choice:
    return replace(choice, wanted=replace(choice.wanted, **wanted))  # type: ignore[arg-type]  # a filter's own fields


def counts(store: Store, choice: Choice) -> tuple[int, dict[str, str]]:
    """Return number and money; that of the frozen set is the same, and its members are as many."""
    counted = store.counted(choice)
    name = f"main-set-{abs(hash((choice, counted.at, counted.invoices)))}"
    frozen = store.freeze(name, choice, at=counted.at)
    assert (frozen.invoices, frozen.at_stake) == (counted.invoices, counted.at_stake)
    assert len(store.frozen_members(name)) == counted.invoices
    return counted.invoices, {currency: str(amount) for currency, amount in counted.at_stake.items()}


def fail(store: Store, number: int, failure: object = FAILURE) -> None:
    store.save(steps.claim(store, f"main-{number}"), MoveToDeadLetters(failure=failure))  # type: ignore[arg-type]  # a failure


def check_again(store: Store) -> None:
    """Let the period's check pass what was queued again."""
    fence = store.claim_period(PERIOD)
    assert fence is not None
    read = {record.id: record.content_hash for record in store.received(PERIOD)}
    store.pass_preflight(PERIOD, fence, read=read, queued=list(read), lookup=frozenset(), dead={})
    store.finish_preflight(PERIOD, fence, notice="")


class FrozenRules:
    """Rules of ``FrozenSetPort``."""

    def test_a_batch_is_chosen_with_what_it_is_worth(self, store: Store) -> None:
        """All that fit in one state, with the time of each one's last move; credit notes by their size."""
        credit = invoice(line("-200.00"), invoice_number=4)
        take_in(store, *(invoice(invoice_number=number) for number in (3, 1, 2)), credit)
        for number in (1, 4):
            fail(store, number)
        finish(store, 2)

        assert counts(store, DEAD) == (2, {"DKK": "1500.00"})  # 1250 + 250
        frozen = store.freeze(SET, DEAD, at=store.counted(DEAD).at)
        assert frozen.at_stake == {"DKK": Decimal("1500.00")}
        assert list(store.frozen_members(SET)) == [(f"main-{n}", moved_at(store, f"main-{n}")) for n in (1, 4)]
        assert list(store.frozen_members(SET, start=1, most=1)) == [("main-4", moved_at(store, "main-4"))]
        for same in (narrowed(reason=FAILURE.reason), narrowed(text="acme"), OF_CAUSE):
            assert counts(store, same) == (2, {"DKK": "1500.00"})
        assert counts(store, EXPORTED) == (1, {"DKK": "1250.00"})
        store.freeze("main-set-2", EXPORTED, at=store.counted(EXPORTED).at)
        assert list(store.frozen_members("main-set-2")) == [("main-2", 0.0)]  # whatever becomes of it
        for nothing in (
            narrowed(reason="other"),
            narrowed(text="nobody"),
            narrowed(EXPORTED, reason=FAILURE.reason),
            replace(DEAD, period="main-p9"),
            replace(OF_CAUSE, cause="none"),
        ):
            assert counts(store, nothing) == (0, {})

    def test_the_kept_sums_follow_every_move(self, store: Store, clock: ManualClock) -> None:
        """Failed for two reasons, queued again, failed anew, by hand, exported again, in two periods, other content."""
        take_in(store, *(invoice(line(f"{n}00.00", rate="0.00"), invoice_number=n) for n in range(1, 7)))
        fail(store, 1)
        fail(store, 2, OTHER)
        fail(store, 3)
        assert counts(store, DEAD) == (3, {"DKK": "600.00"})  # 100 + 200 + 300
        assert counts(store, narrowed(reason=OTHER.reason)) == (1, {"DKK": "200.00"})
        store.requeue(["main-1"], by="kim")
        assert counts(store, narrowed(reason=FAILURE.reason)) == (1, {"DKK": "300.00"})
        check_again(store)
        fail(store, 1, OTHER)
        assert counts(store, narrowed(reason=OTHER.reason)) == (2, {"DKK": "300.00"})  # 100 + 200
        store.mark_exported("main-2", by="kim", why="typed in")
        finish(store, 4)
        finish(store, 5, Outcome.EXCLUDED)
        store.save(steps.claim(store, "main-6"), Wait(until=clock.now + 9, failure=FAILURE, costs_attempt=False))
        assert counts(store, DEAD) == (2, {"DKK": "400.00"})  # 100 + 300
        assert counts(store, EXPORTED) == (3, {"DKK": "1100.00"})  # 200 + 400 + 500
        assert counts(store, narrowed(DEAD, state=State.WAITING)) == (1, {"DKK": "600.00"})
        store.reexport(["main-4"], by="kim")
        assert counts(store, EXPORTED) == (2, {"DKK": "700.00"})
        take_in(
            store,
            invoice(line("300.00", rate="0.00"), invoice_number=3),
            invoice(line("500.00", rate="0.00"), invoice_number=5),
            event="e-2",
            number=882,
        )
        for choice, said in ((DEAD, (1, {"DKK": "300.00"})), (EXPORTED, (1, {"DKK": "500.00"}))):
            assert counts(store, replace(choice, period="main-p882")) == said
        take_in(store, invoice(line("333.00", rate="0.00"), invoice_number=3), event="e-3")
        assert counts(store, DEAD) == (1, {"DKK": "100.00"})

    def test_what_has_moved_since_it_was_counted_is_not_frozen(self, store: Store, clock: ManualClock) -> None:
        """Of three, one is queued again and fails anew, and another fails only now: two are as they were seen."""
        take_in(store, *(invoice(invoice_number=number) for number in (1, 2, 3, 4)))
        for number in (1, 2, 3):
            fail(store, number)
        seen = store.counted(DEAD)
        clock.advance(1)
        store.requeue(["main-2"], by="kim")
        check_again(store)
        fail(store, 2)
        fail(store, 4)

        for at, choice in enumerate((DEAD, narrowed(text="acme"), OF_CAUSE)):
            frozen = store.freeze(f"main-set-{at}", choice, at=seen.at)
            assert (seen.invoices, frozen.invoices) == (3, 2)
            assert [key for key, _ in store.frozen_members(frozen.id)] == ["main-1", "main-3"]
        assert store.counted(DEAD).invoices == 4

    def test_a_set_is_named_by_what_is_in_it(self, store: Store, clock: ManualClock) -> None:
        """However it was made; with one fewer, or another time, it is another one."""
        members = die(store, 1, 2, 3)
        frozen = store.freeze(SET, OF_CAUSE, at=clock.now)
        same = store.freeze_members("main-set-2", members)
        moved = [*members[:2], (members[2][0], 1.0)]
        others = [store.freeze_members(f"main-other-{len(it)}{it[-1][1]}", it) for it in (members[:2], moved)]

        assert (same.digest, same.invoices) == (frozen.digest, 3)
        assert frozen.digest not in {other.digest for other in others}
        assert store.frozen_members("main-set-2") == members

    def test_a_batch_begins_with_a_frozen_set_once(self, store: Store) -> None:
        """The set goes into the batch; without it, nothing is begun."""
        store.freeze_members(SET, die(store, 1, 2))

        assert [store.open_frozen(ORDER, SET) for _ in range(2)] == [True, True]
        assert store.open_frozen(replace(ORDER, id="main-batch-2"), SET) is False
        assert store.batch("main-batch-2") is None
        assert [item.invoice_id for item in store.batch_items(ORDER.id)] == ["main-1", "main-2"]
        store.advance_batches()
        assert states(store, 1, 2) == [State.RECEIVED, State.RECEIVED]

    def test_how_many_are_still_as_they_were(self, store: Store, clock: ManualClock) -> None:
        """One has moved on; of one that may move on, nothing else is asked."""
        members = die(store, 1, 2)
        store.freeze_members(SET, [*members, ("main-9", 5.0)])
        store.freeze_members("main-set-2", [(key, 0.0) for key, _ in members])
        assert store.still_frozen(SET) == 2
        clock.advance(1)
        store.requeue(["main-1"], by="kim")

        assert [store.still_frozen(key) for key in (SET, "main-set-2", "main-set-9")] == [1, 2, 0]

    def test_a_set_of_many_pages(self, store: Store) -> None:
        """Each once, wherever a page ends; one that two lines of the searchable text name, too."""
        for event, name in (("e-1", "Acme"), ("e-2", "Acme Fragt")):
            take_in(
                store, *(invoice(invoice_number=n, customer=customer(name=name)) for n in range(1, 2102)), event=event
            )
        received = narrowed(state=State.QUEUED)
        for choice in (received, replace(received, wanted=replace(received.wanted, text="acme"))):
            frozen = store.freeze(f"main-set-{choice.wanted.text}", choice, at=store.counted(choice).at)
            members = store.frozen_members(frozen.id)
            assert (frozen.invoices, len(members), len(dict(members))) == (2101, 2101, 2101)
            assert frozen.at_stake == {"DKK": Decimal("2626250.00")}  # 2101 x 1250
