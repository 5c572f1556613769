"""What every store keeps of messages to people."""

from collections.abc import Sequence

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.batch_rules import die
from support.store.steps import FAILURE

from worker.domain.causes import cause_id
from worker.domain.notices import (
    MOST_IN_MESSAGE,
    Addressed,
    ChannelState,
    ClaimedMessage,
    Kind,
    Notice,
    Once,
    Over,
    Raised,
    SeenPeriod,
)
from worker.domain.store_port import Store

A, B = "installation", "main:finance"
NOTICE = Notice(kind=Kind.PAUSED, export="main", facts={"reason": "tokens-refused", "æ": [1, "0.10"]}, at=12.25)
OVER = Notice(kind=Kind.RESUMED, export="main", facts={"more": {"DKK": "1.00"}, "none": None}, at=13.5)


def to(*channels: str, due: float = 0.0) -> Sequence[Addressed]:
    return [Addressed(channel=channel, due_at=due) for channel in channels or (A,)]


def raised(key: str = "k", *, hold: float = 0.0) -> Raised:
    return Raised(key=key, hold=hold, notice=NOTICE, to=to())


def claim(store: Store, channel: str = A, lease: float = 60.0) -> ClaimedMessage:
    message = store.claim_message(channel, lease=lease)
    assert message is not None
    return message


def received(store: Store, channel: str = A) -> list[Notice]:
    """Return the notices of a channel's messages, all of them sent now."""
    found: list[Notice] = []
    while message := store.claim_message(channel, lease=60.0):
        found += message.notices
        store.message_sent(message)
    return found


class NoticeRules:
    """Rules of what is told: ``NoticePort.known`` and ``tell``."""

    def test_what_is_the_case_is_told_once_until_it_is_gone_and_comes_back(self, store: Store) -> None:
        """However often it is seen; its end is told, too, and then that it is back."""
        store.tell([raised()])
        store.tell([raised()])
        first = received(store)
        store.tell([Over(key="k", notice=OVER, to=to())])
        store.tell([Over(key="k", notice=OVER, to=to())])
        over = received(store)
        store.tell([Raised(key="k", hold=60.0)])
        back = store.known().open["k"]
        store.tell([raised()])

        assert (first, over) == ([NOTICE], [OVER])
        assert (back.back, back.notified) == (True, False)
        assert received(store) == [NOTICE]

    def test_what_does_not_last_is_not_told(self, store: Store, clock: ManualClock) -> None:
        """It has to last for as long as it says; neither its beginning nor its end is told otherwise."""
        store.tell([raised(hold=60.0)])
        clock.advance(59.0)
        store.tell([raised(hold=60.0)])
        early, waits = received(store), store.known().open["k"].ripe(clock())
        store.tell([Over(key="k", notice=OVER, to=to())])
        store.tell([raised(hold=60.0)])
        clock.advance(60.0)
        ripe = store.known().open["k"]
        store.tell([raised(hold=60.0)])

        assert (early, waits) == ([], False)
        assert (ripe.ripe(clock()), ripe.back, ripe.hold) == (True, False, 60.0)
        assert received(store) == [NOTICE]
        assert not store.known().open["k"].ripe(clock() + 1000)

    def test_silence_counts_as_told(self, store: Store) -> None:
        """Another notice says it."""
        store.tell([Raised(key="k", silent=True)])
        store.tell([raised()])
        notified = received(store)
        store.tell([Over(key="k", notice=OVER, to=to())])

        assert (notified, received(store)) == ([], [OVER])

    def test_what_has_happened_is_told_once_for_ever(self, store: Store) -> None:
        """Also when nobody was told the first time."""
        store.tell([Once(key="a", notice=NOTICE, to=to()), Once(key="b")])
        store.tell([Once(key="a", notice=NOTICE, to=to()), Once(key="b", notice=OVER, to=to())])

        assert received(store) == [NOTICE]
        assert store.notified_once(["a", "b", "c"]) == {"a", "b"}
        assert store.notified_once([]) == set()

    def test_each_channel_has_its_own(self, store: Store) -> None:
        """What one has sent, the other still sends."""
        store.tell([Raised(key="k", notice=NOTICE, to=to(A, B))])

        assert (received(store, A), received(store, B), received(store, A)) == ([NOTICE], [NOTICE], [])

    def test_nothing_was_looked_at_before_the_first_look(self, store: Store) -> None:
        """By it, what came to its end earlier is told from news."""
        before = store.known().first
        store.tell([])

        assert (before, store.known().first) == (True, False)

    def test_a_period_has_moved_until_it_was_seen_as_it_is(self, store: Store) -> None:
        """Each step of it counts, and so does its certificate."""
        steps.take_in(store, 1, 2)
        (first,) = store.known().moved
        store.tell([SeenPeriod(period=first.period, mark=first.mark)])
        seen = store.known().moved
        steps.check(store, "main-p881")
        (then,) = store.known().moved

        assert (first.period, seen, then.period) == ("main-p881", [], "main-p881")
        assert then.mark != first.mark

    def test_causes_are_known_by_their_ids(self, store: Store) -> None:
        """Those that failed invoices have now."""
        none = store.known().causes
        die(store, 1, 2)

        assert (none, store.known().causes) == (frozenset(), frozenset({cause_id("main", FAILURE)}))


class MessageRules:
    """Rules of what is sent: ``NoticePort.claim_message`` and what follows."""

    def test_all_that_waits_is_one_message(self, store: Store) -> None:
        """In the order in which it came."""
        store.tell([raised("a"), Once(key="b", notice=OVER, to=to())])
        message = claim(store)

        assert (message.notices, message.attempts, message.doubtful) == ([NOTICE, OVER], 0, False)
        assert store.claim_message(A, lease=60.0) is None

    def test_a_message_holds_only_so_many(self, store: Store) -> None:
        """The rest is the next one, under another id."""
        store.tell([raised(f"k{number}") for number in range(MOST_IN_MESSAGE + 1)])
        first = claim(store)
        store.message_sent(first)
        second = claim(store)

        assert (len(first.notices), len(second.notices)) == (MOST_IN_MESSAGE, 1)
        assert first.id != second.id

    def test_nothing_is_sent_before_its_time(self, store: Store, clock: ManualClock) -> None:
        """Quiet hours are a time from which on it may be sent."""
        store.tell([Raised(key="k", notice=NOTICE, to=to(due=clock() + 100.5))])
        early = store.claim_message(A, lease=60.0)
        clock.advance(100.5)

        assert early is None
        assert claim(store).notices == [NOTICE]

    def test_a_message_whose_holder_vanished_comes_again_in_doubt(self, store: Store, clock: ManualClock) -> None:
        """After its lease, the very same: what came meanwhile waits for the next one."""
        store.tell([raised("a")])
        first = claim(store)
        store.tell([raised("b")])
        clock.advance(59.9)
        held = store.claim_message(A, lease=60.0)
        clock.advance(0.2)
        second = claim(store)

        assert held is None
        assert (second.id, second.notices, second.attempts, second.doubtful) == (first.id, first.notices, 1, True)

    @pytest.mark.parametrize("doubtful", [False, True])
    def test_a_message_that_was_not_accepted_is_tried_again(
        self, store: Store, clock: ManualClock, *, doubtful: bool
    ) -> None:
        """After a pause, the same; in doubt only if it may have been accepted. The channel is a fault meanwhile."""
        store.tell([raised()])
        first = claim(store)
        store.message_failed(first, why="the service answered 503", again_in=30.0, doubtful=doubtful)
        at = clock()
        (fault,) = store.channel_states([A])
        clock.advance(29.0)
        early = store.claim_message(A, lease=60.0)
        clock.advance(1.0)
        second = claim(store)
        store.message_sent(second)
        (well,) = store.channel_states([A])

        assert early is None
        assert (fault.failures, fault.failing_since, fault.error) == (1, at, "the service answered 503")
        assert (fault.waiting, fault.next_at) == (1, at + 30.0)
        assert (second.id, second.attempts, second.doubtful) == (first.id, 1, doubtful)
        assert well == ChannelState(channel=A, sent=1, last_sent=clock())

    def test_who_was_overtaken_changes_nothing(self, store: Store, clock: ManualClock) -> None:
        """A failure that is reported late leaves the new holder's claim alone; an acceptance counts in any case."""
        store.tell([raised()])
        first = claim(store)
        clock.advance(61.0)
        second = claim(store)
        store.message_failed(first, why="late", again_in=0.0, doubtful=False)
        (state,) = store.channel_states([A])
        held = store.claim_message(A, lease=60.0)
        store.message_sent(first)
        store.message_sent(second)

        assert (state.failures, held) == (0, None)
        assert store.claim_message(A, lease=60.0) is None
        assert store.channel_states([A])[0].sent == 1

    def test_what_is_left_of_a_channel_is_shown_and_can_be_discarded(self, store: Store, clock: ManualClock) -> None:
        """Also when it is named nowhere any more."""
        store.tell([Raised(key=key, notice=NOTICE, to=to(B, due=clock() - 5.0)) for key in "ab"])
        claim(store, B)
        store.tell([Raised(key="c", notice=NOTICE, to=to(B, due=clock() + 5.0))])
        shown = store.channel_states([A])
        discarded = store.discard_notices(B)

        assert [(each.channel, each.waiting) for each in shown] == [(A, 0), (B, 3)]
        assert shown[1].oldest == clock() - 5.0
        assert (discarded, store.claim_message(B, lease=1.0), store.channel_states([])) == (3, None, [])
