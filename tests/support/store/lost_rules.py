"""What every store keeps when it looks for messages that were lost.

Policy: lease 25 s, lost after 15 s, in an idle queue after 20 s, overtaken by 5 s, 3 crashes.
"""

from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE
from support.store.sweep_rules import IDLE, swept

from worker.domain.record import MoveToDeadLetters, Wait
from worker.domain.store_port import Store


class LostRules:
    """Rules of ``SweepPort`` for messages."""

    def test_what_was_never_published_is_called_for(self, store: Store, clock: ManualClock) -> None:
        """A crash between queueing and publishing is healed after 15 s, and again 15 s later."""
        [invoice_id] = steps.queue(store, 1)
        clock.advance(14)
        early = swept(store)
        clock.advance(1)
        first = swept(store)
        clock.advance(14)
        between = swept(store)
        clock.advance(1)

        assert ([], [invoice_id], [], [invoice_id]) == (early, first, between, swept(store))

    def test_a_long_queue_is_no_reason_to_publish_again(self, store: Store, clock: ManualClock) -> None:
        """An hour in a queue that is not empty: nothing is lost as long as nothing later was claimed."""
        store.published(steps.queue(store, 1, 2))
        clock.advance(3600)

        assert swept(store) == []

    def test_a_message_overtaken_is_lost(self, store: Store, clock: ManualClock) -> None:
        """Queues are first in, first out: when one published 5 s later is claimed, the earlier is gone."""
        first, second, third = steps.queue(store, 1, 2, 3)
        store.published([first])
        clock.advance(0.1)
        store.published([second])
        clock.advance(4.9)
        store.published([third])
        clock.advance(60)
        steps.claim(store, third)
        steps.claim(store, second)

        assert [first] == swept(store)
        assert swept(store) == []

    def test_a_message_overtaken_is_lost_after_15_seconds_at_the_earliest(
        self, store: Store, clock: ManualClock
    ) -> None:
        """Workers hold a few in reserve, so order alone is no proof."""
        first, second = steps.queue(store, 1, 2)
        store.published([first])
        clock.advance(6)
        store.published([second])
        steps.claim(store, second)
        clock.advance(8.9)
        early = swept(store)
        clock.advance(0.1)

        assert ([], [first]) == (early, swept(store))

    def test_a_repeated_message_says_nothing_about_order(self, store: Store, clock: ManualClock) -> None:
        """The first message may be the one claimed, so those published before the repeat are not overtaken."""
        first, second = steps.queue(store, 1, 2)
        store.published([first, second])
        clock.advance(60)
        store.published([first])
        steps.claim(store, first)

        assert swept(store) == []

    def test_the_message_of_a_retry_says_how_far_the_queue_is(self, store: Store, clock: ManualClock) -> None:
        """A new turn begins a new message: its claim shows that one published 5 s before it is gone."""
        first, second = steps.queue(store, 1, 2)
        store.published([first])
        store.save(steps.claim(store, first), Wait(until=clock.now, failure=FAILURE, costs_attempt=True))
        swept(store)
        store.published([second])
        clock.advance(5)
        store.published([first])
        clock.advance(60)
        steps.claim(store, first)

        assert [second] == swept(store)

    def test_in_an_idle_queue_a_message_is_lost_after_20_seconds(self, store: Store, clock: ManualClock) -> None:
        """Empty queue, still queued here: its message is gone."""
        [invoice_id] = steps.queue(store, 1)
        store.published([invoice_id])
        clock.advance(19)
        early = swept(store, IDLE)
        clock.advance(1)

        assert ([], [], [invoice_id]) == (early, swept(store, frozenset({"other"})), swept(store, IDLE))
        assert steps.stored(store, invoice_id).published_at == 0.0

    def test_publishing_again_starts_the_wait_again(self, store: Store, clock: ManualClock) -> None:
        """The time of the last message counts."""
        [invoice_id] = steps.queue(store, 1)
        for _ in range(3):
            store.published([invoice_id])
            clock.advance(15)

        assert ([], clock.now - 15) == (swept(store, IDLE), steps.stored(store, invoice_id).published_at)

    def test_publishing_is_noted_for_the_queued_only(self, store: Store) -> None:
        """A worker may have claimed, or even finished, before the publisher notes that it has published."""
        first, second = steps.queue(store, 1, 2)
        claimed = steps.claim(store, first)
        dead = store.save(steps.claim(store, second), MoveToDeadLetters(failure=FAILURE))
        store.published([first, second, "main-9"])

        assert [claimed, dead] == [steps.stored(store, key) for key in (first, second)]
