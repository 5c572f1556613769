"""What every ledger keeps when it looks for messages that were lost.

Policy: lease 25 s, lost after 15 s, in an idle queue after 20 s, overtaken by 5 s, 3 crashes.
"""

from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE
from support.store.sweep_rules import IDLE, swept

from worker.domain.record import Bury, Wait
from worker.domain.store_port import Ledger


class LostRules:
    """Rules of ``SweepPort`` for messages."""

    def test_what_was_never_published_is_called_for(self, ledger: Ledger, clock: ManualClock) -> None:
        """A crash between queueing and publishing is healed after 15 s, and again 15 s later."""
        [invoice_id] = steps.queue(ledger, 1)
        clock.advance(14)
        early = swept(ledger)
        clock.advance(1)
        first = swept(ledger)
        clock.advance(14)
        between = swept(ledger)
        clock.advance(1)

        assert ([], [invoice_id], [], [invoice_id]) == (early, first, between, swept(ledger))

    def test_a_long_queue_is_no_reason_to_publish_again(self, ledger: Ledger, clock: ManualClock) -> None:
        """An hour in a queue that is not empty: nothing is lost as long as nothing later was claimed."""
        ledger.published(steps.queue(ledger, 1, 2))
        clock.advance(3600)

        assert swept(ledger) == []

    def test_a_message_overtaken_is_lost(self, ledger: Ledger, clock: ManualClock) -> None:
        """Queues are first in, first out: when one published 5 s later is claimed, the earlier is gone."""
        first, second, third = steps.queue(ledger, 1, 2, 3)
        ledger.published([first])
        clock.advance(0.1)
        ledger.published([second])
        clock.advance(4.9)
        ledger.published([third])
        clock.advance(60)
        steps.claim(ledger, third)
        steps.claim(ledger, second)

        assert [first] == swept(ledger)
        assert swept(ledger) == []

    def test_a_message_overtaken_is_lost_after_15_seconds_at_the_earliest(
        self, ledger: Ledger, clock: ManualClock
    ) -> None:
        """Workers hold a few in reserve, so order alone is no proof."""
        first, second = steps.queue(ledger, 1, 2)
        ledger.published([first])
        clock.advance(6)
        ledger.published([second])
        steps.claim(ledger, second)
        clock.advance(8.9)
        early = swept(ledger)
        clock.advance(0.1)

        assert ([], [first]) == (early, swept(ledger))

    def test_a_repeated_message_says_nothing_about_order(self, ledger: Ledger, clock: ManualClock) -> None:
        """The first message may be the one claimed, so those published before the repeat are not overtaken."""
        first, second = steps.queue(ledger, 1, 2)
        ledger.published([first, second])
        clock.advance(60)
        ledger.published([first])
        steps.claim(ledger, first)

        assert swept(ledger) == []

    def test_the_message_of_a_retry_says_how_far_the_queue_is(self, ledger: Ledger, clock: ManualClock) -> None:
        """A new turn begins a new message: its claim shows that one published 5 s before it is gone."""
        first, second = steps.queue(ledger, 1, 2)
        ledger.published([first])
        ledger.save(steps.claim(ledger, first), Wait(until=clock.now, failure=FAILURE, costs_attempt=True))
        swept(ledger)
        ledger.published([second])
        clock.advance(5)
        ledger.published([first])
        clock.advance(60)
        steps.claim(ledger, first)

        assert [second] == swept(ledger)

    def test_in_an_idle_queue_a_message_is_lost_after_20_seconds(self, ledger: Ledger, clock: ManualClock) -> None:
        """Empty queue, still queued here: its message is gone."""
        [invoice_id] = steps.queue(ledger, 1)
        ledger.published([invoice_id])
        clock.advance(19)
        early = swept(ledger, IDLE)
        clock.advance(1)

        assert ([], [], [invoice_id]) == (early, swept(ledger, frozenset({"other"})), swept(ledger, IDLE))
        assert steps.stored(ledger, invoice_id).published_at == 0.0

    def test_publishing_again_starts_the_wait_again(self, ledger: Ledger, clock: ManualClock) -> None:
        """The time of the last message counts."""
        [invoice_id] = steps.queue(ledger, 1)
        for _ in range(3):
            ledger.published([invoice_id])
            clock.advance(15)

        assert ([], clock.now - 15) == (swept(ledger, IDLE), steps.stored(ledger, invoice_id).published_at)

    def test_publishing_is_noted_for_the_queued_only(self, ledger: Ledger) -> None:
        """A worker may have claimed, or even finished, before the publisher notes that it has published."""
        first, second = steps.queue(ledger, 1, 2)
        held = steps.claim(ledger, first)
        dead = ledger.save(steps.claim(ledger, second), Bury(failure=FAILURE))
        ledger.published([first, second, "main-9"])

        assert [held, dead] == [steps.stored(ledger, one) for one in (first, second)]
