"""The rules of a rate limiter. A test module subclasses ``RateLimiterContract`` with a ``rate_limiter`` fixture."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.clock import ManualClock

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit, RateDenied, RateLimiter
from worker.economic.app_bucket import AppsBucket

#: 600 tokens a minute, 90 % used: a pace of 9 tokens a second and a burst of (1 - 0.9) / 2 * 600 = 30 tokens.
LIMITS = Limits(tokens_per_minute=600, share=0.9, calls_per_day=1000)
FINE = Feedback()
FAILED = Feedback(failed=True)


class Sleeps:
    """Records the sleeps of a rate limiter, and lets them pass on its clock."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(round(seconds, 3))
        self._clock.advance(seconds)


def take(rate_limiter: RateLimiter, cost: float = 3.0, limits: Limits = LIMITS) -> Permit:
    return rate_limiter.acquire("grant-1", cost, limits)


@contextmanager
def throttled(retry_after: float) -> Iterator[None]:
    with pytest.raises(RateDenied) as caught:
        yield
    assert caught.value.retry_after == pytest.approx(retry_after, abs=0.01)


class RateLimiterContract:
    """Pace, burst, feedback and breaker of one agreement, by a clock in the test's hands."""

    @pytest.fixture
    def sleeps(self, clock: ManualClock) -> Sleeps:
        return Sleeps(clock)

    def test_the_burst_passes_and_then_the_pace_rules(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """30 tokens at once, then 9 a second: a call of 9 tokens waits one second."""
        for _ in range(10):
            take(rate_limiter, 3)  # 10 x 3 = 30
        take(rate_limiter, 9)  # 9 / 9 = 1 s

        assert sleeps.seconds == [1.0]

    def test_a_known_capacity_may_be_used_at_once(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """A bucket of 200 tokens: 0.9 x 200 = 180 at once after a rest, then the same 9 a second."""
        bucket = LIMITS.model_copy(update={"capacity": 200})
        for _ in range(60):
            take(rate_limiter, 3, bucket)  # 60 x 3 = 180
        take(rate_limiter, 9, bucket)

        assert sleeps.seconds == [1.0]

    def test_a_capacity_below_the_usual_burst_counts(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """A bucket of 10 tokens that is refilled with 600 a minute: 9 at once."""
        bucket = LIMITS.model_copy(update={"capacity": 10})
        take(rate_limiter, 9, bucket)
        take(rate_limiter, 9, bucket)

        assert sleeps.seconds == [1.0]

    def test_a_header_names_the_most_that_may_be_used_at_once(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """10 tokens a second are 600 a minute, of which 30 at once would be too many: 9 are."""
        rate_limiter.report(take(rate_limiter, 3), Feedback(granted=600, capacity=10, used=3, retry_after=0))
        sleeps.seconds.clear()
        take(rate_limiter, 9)
        take(rate_limiter, 9)

        assert sleeps.seconds[-1] == 1.0

    def test_agreements_of_one_app_share_its_bucket(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """30 tokens of the app at once, whichever agreement uses them; each agreement alone would have 30."""
        both = AppsBucket(inner=rate_limiter, app="app-1", limits=LIMITS)
        both.acquire("grant-1", 30, LIMITS)
        both.acquire("grant-2", 9, LIMITS)
        rate_limiter.acquire("grant-3", 30, LIMITS)  # of another app

        assert sleeps.seconds == [1.0]

    def test_a_sick_agreement_leaves_the_apps_tokens_to_others(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """What its own bucket refuses is given back to the app, and so is what a call cost less than was reserved."""
        both = AppsBucket(inner=rate_limiter, app="app-1", limits=LIMITS)
        both.report(both.acquire("grant-1", 15, LIMITS), Feedback(throttled=True, retry_after=30, cost=0))
        for _ in range(5):
            with pytest.raises(RateDenied):
                both.acquire("grant-1", 15, LIMITS)
        both.acquire("grant-2", 30, LIMITS)

        assert sleeps.seconds == []

    def test_an_execution_that_has_begun_waits_longer(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """A first call is sent away beyond two seconds, a further one only beyond fifteen."""
        take(rate_limiter, 30)
        with pytest.raises(RateDenied):
            take(rate_limiter, 30)  # 30 / 9 = 3.3 s
        rate_limiter.acquire("grant-1", 180, LIMITS, begun=True)  # it waits 3.3 s; whoever comes next, 180 / 9 = 20 s
        with pytest.raises(RateDenied):
            rate_limiter.acquire("grant-1", 30, LIMITS, begun=True)

        assert sleeps.seconds == [3.333]

    def test_a_long_wait_is_refused_and_reserves_nothing(
        self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps
    ) -> None:
        """Beyond two seconds the invoice goes back to the due set; others then find the bucket as it was."""
        take(rate_limiter, 30)
        with throttled(30 / 9 + 30 / 9):  # its own turn, and 30 / 9 s behind it the next one is expected
            take(rate_limiter, 30)
        clock.advance(30 / 9)
        take(rate_limiter, 30)

        assert sleeps.seconds == []

    def test_those_sent_away_come_back_one_after_the_other(self, rate_limiter: RateLimiter) -> None:
        """Equal waits would make a crowd: each is asked to come one call (27 / 9 = 3 s) later than the one before."""
        take(rate_limiter, 30)
        for position in (1, 2, 3):
            with throttled(27 / 9 + position * 27 / 9):  # 30 - 27 = 3 tokens of burst left over, minus 30 owed
                take(rate_limiter, 27)

    def test_a_long_line_comes_back_spread_over_a_minute(self, rate_limiter: RateLimiter) -> None:
        """At 3 s each the 20th would come after 60 s: from there on they begin anew, and no crowd waits for the end."""
        take(rate_limiter, 30)
        for position in range(1, 20):
            with throttled(27 / 9 + position * 27 / 9):
                take(rate_limiter, 27)
        for position in (0, 1, 2):
            with throttled(27 / 9 + position * 27 / 9):
                take(rate_limiter, 27)

    def test_a_call_dearer_than_the_burst_passes_when_the_bucket_is_full(
        self, rate_limiter: RateLimiter, sleeps: Sleeps
    ) -> None:
        """Else it could never pass."""
        assert take(rate_limiter, 100).cost == 100
        assert sleeps.seconds == []

    def test_a_cheaper_call_gives_tokens_back(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """Reserved 30, cost 3: 27 tokens are free again at once."""
        rate_limiter.report(take(rate_limiter, 30), Feedback(cost=3))
        take(rate_limiter, 27)

        assert sleeps.seconds == []

    def test_a_dearer_call_is_paid_for_later(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """Reserved 30, cost 39: the next 9 tokens wait for 9 + 9 of them, two seconds."""
        rate_limiter.report(take(rate_limiter, 30), Feedback(cost=39))
        take(rate_limiter, 9)

        assert sleeps.seconds == [2.0]

    def test_retry_after_blocks_the_agreement(self, rate_limiter: RateLimiter, clock: ManualClock) -> None:
        """Nobody calls before the time that e-conomic named, and then at the pace, without a burst."""
        rate_limiter.report(take(rate_limiter), Feedback(throttled=True, retry_after=30))
        clock.advance(1)
        with pytest.raises(RateDenied) as caught:
            take(rate_limiter)

        assert caught.value.retry_after is not None
        assert caught.value.retry_after > 29
        assert caught.value.cause == "blocked"

    def test_after_a_429_with_a_low_count_the_pace_is_the_same(
        self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps
    ) -> None:
        """e-conomic counts our own 3 tokens, so nobody else spends any: after the 2 s, 3 tokens without a burst."""
        rate_limiter.report(take(rate_limiter), Feedback(throttled=True, retry_after=2, used=3, granted=600))
        clock.advance(2)
        take(rate_limiter)

        assert sleeps.seconds == [pytest.approx(3 / 9, abs=0.001)]

    def test_what_is_owed_is_owed_in_tokens(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """30 tokens owed at 9 a second; the grant turns out ten times as large: paid off after 30 / 90 s."""
        rate_limiter.report(take(rate_limiter, 30), Feedback(cost=30, granted=6000))
        take(rate_limiter, 300)

        assert sleeps.seconds == [pytest.approx(30 / 90, abs=0.001)]

    def test_a_shorter_retry_after_never_shortens_a_longer_one(
        self, rate_limiter: RateLimiter, clock: ManualClock
    ) -> None:
        """The later end of two blocks holds."""
        first, second = take(rate_limiter), take(rate_limiter)
        rate_limiter.report(first, Feedback(throttled=True, retry_after=40))
        rate_limiter.report(second, Feedback(throttled=True, retry_after=5))
        clock.advance(37)
        with pytest.raises(RateDenied):
            take(rate_limiter)

    def test_a_retry_after_of_a_day_is_asked_about_every_minute(
        self, rate_limiter: RateLimiter, clock: ManualClock
    ) -> None:
        """It may be a mistake: one call a minute probes, all others stay away; a success ends it."""
        day = Feedback(throttled=True, retry_after=86_400)
        rate_limiter.report(take(rate_limiter), day)
        for _ in range(2):
            clock.advance(57)
            with pytest.raises(RateDenied):
                take(rate_limiter)
            clock.advance(7)
            probe = take(rate_limiter)
            with pytest.raises(RateDenied):
                take(rate_limiter)
            rate_limiter.report(probe, day)
        clock.advance(65)
        probe = take(rate_limiter)
        rate_limiter.report(probe, Feedback())

        assert (probe.probe, take(rate_limiter).probe) == (True, False)

    def test_a_429_without_a_count_costs_half_a_second(
        self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps
    ) -> None:
        """It may be about something else than tokens: those under way with it add nothing, the pace stays."""
        permits = [take(rate_limiter) for _ in range(3)]
        for permit in permits:
            rate_limiter.report(permit, Feedback(throttled=True))
        clock.advance(0.5)
        take(rate_limiter)

        assert sleeps.seconds == [pytest.approx(3 / 9, abs=0.001)]

    def test_429s_in_a_row_wait_longer_each_time(
        self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps
    ) -> None:
        """0.5, 1, 2 ... 60 seconds; the first three of them are waited for in the slot."""
        for pause in (0.5, 1, 2):
            rate_limiter.report(take(rate_limiter), Feedback(throttled=True))
            take(rate_limiter)
            assert sleeps.seconds[-1] == pytest.approx(pause + 3 / 9, abs=0.001)
            clock.advance(1)
        for pause in (4, 8, 16, 32, 60, 60):
            rate_limiter.report(take(rate_limiter), Feedback(throttled=True))
            with pytest.raises(RateDenied) as caught:
                take(rate_limiter)
            clock.advance(pause + 1)

            assert (caught.value.retry_after or 0.0) >= pause

    def test_a_success_between_429s_makes_the_next_pause_short_again(
        self, rate_limiter: RateLimiter, clock: ManualClock
    ) -> None:
        """Every tenth call on a lossy way is no limit that grows: without it a period would wait a minute each time."""
        for _ in range(20):
            rate_limiter.report(take(rate_limiter), Feedback(throttled=True))
            clock.advance(2)
            rate_limiter.report(take(rate_limiter), Feedback(cost=3))
            clock.advance(2)

        assert take(rate_limiter).cost == 3

    def test_another_agreement_is_not_concerned(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """One slow agreement never starves another."""
        rate_limiter.report(take(rate_limiter), Feedback(throttled=True, retry_after=30))

        assert rate_limiter.acquire("grant-2", 3, LIMITS).agreement == "grant-2"
        assert sleeps.seconds == []

    def test_the_spending_of_the_last_minute_is_known(self, rate_limiter: RateLimiter, clock: ManualClock) -> None:
        """3 + 3 tokens now; 61 s and a slice later the first ones no longer count."""
        take(rate_limiter)
        clock.advance(30)
        assert take(rate_limiter).spent == pytest.approx(6)
        clock.advance(36)
        assert take(rate_limiter).spent == pytest.approx(6)

    def test_room_is_made_for_others(self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps) -> None:
        """e-conomic counts 303 where we spent 3, so others take 300 a minute: 540 - 300 leave a pace of 4 a second."""
        rate_limiter.report(take(rate_limiter), Feedback(used=303))
        clock.advance(30)
        take(rate_limiter, 30)
        take(rate_limiter, 4)

        assert sleeps.seconds == [1.0]

    def test_others_are_forgotten_after_ninety_seconds(
        self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps
    ) -> None:
        """Without fresh evidence the whole pace is ours again."""
        rate_limiter.report(take(rate_limiter), Feedback(used=303))
        clock.advance(91)
        take(rate_limiter, 30)
        take(rate_limiter, 9)

        assert sleeps.seconds == [1.0]

    def test_near_the_end_of_the_grant_everybody_pauses(self, rate_limiter: RateLimiter, sleeps: Sleeps) -> None:
        """585 of 600 used is midway between the brink (570) and the grant: half of five seconds."""
        rate_limiter.report(take(rate_limiter), Feedback(used=585))
        with pytest.raises(RateDenied) as caught:
            take(rate_limiter)

        assert caught.value.retry_after is not None
        assert caught.value.retry_after > 2.5
        assert sleeps.seconds == []

    def test_the_grant_is_learned(self, rate_limiter: RateLimiter, clock: ManualClock, sleeps: Sleeps) -> None:
        """1200 granted instead of 600: a pace of 18 a second and a burst of 60."""
        rate_limiter.report(take(rate_limiter, 3), Feedback(granted=1200))
        clock.advance(10)
        take(rate_limiter, 60)
        take(rate_limiter, 18)

        assert sleeps.seconds == [1.0]

    def test_the_calls_of_a_day_are_counted(self, rate_limiter: RateLimiter, clock: ManualClock) -> None:
        """Five calls a day; the sixth may come when the first has left the window (24 h and a slice)."""
        limits = Limits(tokens_per_minute=600, share=0.9, calls_per_day=5)
        clock.now = 900 * 2_000_000.0
        for _ in range(5):
            take(rate_limiter, 1, limits)
            clock.advance(900)
        with throttled(97 * 900 - 5 * 900):
            take(rate_limiter, 1, limits)
        clock.advance(92 * 900)

        assert take(rate_limiter, 1, limits).cost == 1

    def test_five_failures_in_a_row_leave_the_agreement_alone(self, rate_limiter: RateLimiter) -> None:
        """For two seconds at first, and at once: an outage costs neither slots nor attempts."""
        for _ in range(5):
            rate_limiter.report(take(rate_limiter), FAILED)
        with throttled(2.0):
            take(rate_limiter)

    def test_four_failures_and_a_success_do_not(self, rate_limiter: RateLimiter) -> None:
        """Only failures in a row count."""
        for feedback in (*[FAILED] * 4, FINE, *[FAILED] * 4):
            rate_limiter.report(take(rate_limiter), feedback)

        assert take(rate_limiter).watched

    def test_after_the_hold_one_call_probes(self, rate_limiter: RateLimiter, clock: ManualClock) -> None:
        """The others are sent away until the probe has come back."""
        self._break(rate_limiter)
        clock.advance(2)
        assert take(rate_limiter).probe
        with throttled(2.0):
            take(rate_limiter)

    def test_a_probe_that_succeeds_opens_the_way(self, rate_limiter: RateLimiter, clock: ManualClock) -> None:
        """Success clears everything."""
        self._break(rate_limiter)
        clock.advance(2)
        rate_limiter.report(take(rate_limiter), FINE)

        assert [take(rate_limiter).probe for _ in range(3)] == [False, False, False]

    def test_each_failed_probe_doubles_the_hold_up_to_a_minute(
        self, rate_limiter: RateLimiter, clock: ManualClock
    ) -> None:
        """2, 4, 8, 16, 32, 60, 60 seconds."""
        self._break(rate_limiter)
        for hold in (2, 4, 8, 16, 32, 60, 60):
            with throttled(hold):
                take(rate_limiter)
            clock.advance(hold)
            rate_limiter.report(take(rate_limiter), FAILED)

    def test_calls_under_way_when_it_broke_do_not_lengthen_the_hold(self, rate_limiter: RateLimiter) -> None:
        """Fifty slots that fail together are one outage, not fifty."""
        under_way = [take(rate_limiter) for _ in range(10)]
        for permit in under_way:
            rate_limiter.report(permit, FAILED)
        with throttled(2.0):
            take(rate_limiter)

    def test_a_lost_probe_is_replaced(self, rate_limiter: RateLimiter, clock: ManualClock) -> None:
        """A worker killed in its probe must not stop the agreement for good: after 30 s another probes."""
        self._break(rate_limiter)
        clock.advance(2)
        take(rate_limiter)
        clock.advance(30)

        assert take(rate_limiter).probe

    def _break(self, rate_limiter: RateLimiter) -> None:
        for _ in range(5):
            rate_limiter.report(take(rate_limiter), FAILED)
