"""Every message once, whatever dies or fails meanwhile."""

from itertools import pairwise

import pytest
from support.notifying import Bench, Killed, channel
from support.store.batch_rules import die

from worker.domain.reasons import ProcessReason, failure
from worker.notify.courier import LEASE, Pauses
from worker.notify.delivery import ACCEPTED, Delivery, Outcome

REFUSED = Delivery(outcome=Outcome.REFUSED, why="the service answered 503")
UNKNOWN = Delivery(outcome=Outcome.UNKNOWN, why="the service did not say whether it took the message")
DOUBT = "You may have got this message before"


def scenario(bench: Bench) -> None:
    """A pause, two failed invoices, and the end of the pause: five notices, to two channels."""
    bench.look()
    bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    die(bench.store, 1, 2)
    bench.look()
    bench.look(after=61.0)
    bench.store.resume("main")
    bench.look()


def two() -> Bench:
    return Bench(channel(), channel("main:finance", language="da"))


def notified(bench: Bench) -> dict[str, list[str]]:
    """Return, by channel, every thing that a reader is told, repeats of a message taken out."""
    said: dict[str, list[str]] = {}
    for to, letter in bench.receiver.distinct():
        things = [
            line for line in letter.body.split("\n") if line and line[0].isupper() and "opter-economic" not in line
        ]
        said.setdefault(to, []).extend(line for line in things if not line.startswith(("You may", "Du har")))
    return {to: sorted(things) for to, things in said.items()}


def _effects() -> int:
    bench = two()
    scenario(bench)
    return len(bench.lives.effects)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("effect", range(1, _effects() + 1))
def test_a_process_that_is_killed_anywhere_doubles_nothing_and_loses_nothing(effect: int, *, after: bool) -> None:
    """At every step of store and channel, before and after it has happened.

    One moment is left in which nobody can know: a message was accepted, and that is not recorded yet. It comes again
    under the same id, and says so.
    """
    undisturbed, bench = two(), two()
    scenario(undisturbed)
    undisturbed.settle()
    bench.lives.cut = (effect, after)
    with pytest.raises(Killed):
        scenario(bench)
    killed_at = bench.lives.effects[-1]
    bench.lives.cut = None
    # Whatever happens to the export goes on, whoever looks.
    bench.start()
    scenario_goes_on(bench)
    bench.settle()

    assert notified(bench) == notified(undisturbed)
    unrecorded = (killed_at, after) in {("send", True), ("message_sent", False)}
    assert bench.receiver.repeats() == unrecorded
    begun_and_unknown = unrecorded or (killed_at, after) in {("send", False), ("claim_message", True)}
    assert sum(DOUBT in it.body or "Du har måske" in it.body for _, it in bench.receiver.letters) <= begun_and_unknown


def scenario_goes_on(bench: Bench) -> None:
    """Do what is left of the scenario, from wherever the process died."""
    if bench.store.period("main-p881") is None:
        bench.look()
        bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
        die(bench.store, 1, 2)
    bench.look()
    bench.look(after=61.0)
    bench.store.resume("main")
    bench.look()


def test_a_channel_that_fails_is_tried_again_after_growing_pauses() -> None:
    """It is a fault meanwhile; when it recovers the message arrives once, and what came meanwhile after it."""
    bench = Bench()
    bench.look()
    bench.receiver.answers = [REFUSED] * 3
    bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    tried = []
    for seconds in range(200):
        before = bench.receiver.attempts
        bench.look(after=1.0)
        if bench.receiver.attempts > before:
            tried.append(seconds)
            (state,) = bench.store.channel_states(["installation"])
            if len(tried) == 3:
                fault = state
                bench.store.resume("main")
    (well,) = bench.store.channel_states(["installation"])

    assert [later - earlier for earlier, later in pairwise(tried)][:3] == [15, 30, 60]
    assert (fault.failures, fault.error, fault.waiting) == (3, "the service answered 503", 1)
    assert bench.receiver.subjects() == ["Export main is paused", "Export main goes on"]
    assert not any(DOUBT in letter.body for _, letter in bench.receiver.letters)
    assert (well.failures, well.waiting, well.sent) == (0, 0, 2)


def test_a_message_of_which_nobody_knows_comes_again_and_says_so() -> None:
    """Under the same id, so that a mail program or a webhook knows it."""
    bench = Bench()
    bench.look()
    bench.receiver.answers = [UNKNOWN]
    bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    bench.look()
    bench.look(after=16.0)
    first, second = (letter for _, letter in bench.receiver.letters)

    assert (first.id, first.subject) == (second.id, second.subject)
    assert (DOUBT in first.body, DOUBT in second.body) == (False, True)


def test_a_channel_that_hangs_holds_up_no_other() -> None:
    """Each has its own box; one refusal ends the turn of its channel alone."""
    bench = two()
    bench.look()
    bench.receiver.answers = [REFUSED, ACCEPTED]
    bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    bench.look()

    assert (bench.receiver.subjects(), bench.receiver.subjects("main-finance")) == (
        [],
        ["Eksporten main er sat på pause"],
    )


def test_two_processes_that_look_at_once_tell_once() -> None:
    """Both come to the same changes, and the store takes each once."""
    bench = Bench()
    bench.look()
    bench.store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    first = bench.notifier
    bench.start()
    for watch in (first.watch, bench.notifier.watch):
        watch.turn()
    for courier in (first.courier, bench.notifier.courier):
        courier.turn(bench.channels[0])

    assert bench.receiver.subjects() == ["Export main is paused"]


@pytest.mark.parametrize(("attempts", "pause"), [(1, 15.0), (2, 30.0), (5, 240.0), (9, 3600.0), (10_000, 3600.0)])
def test_pauses_double_up_to_a_bound(attempts: int, pause: float) -> None:
    """However long a channel fails."""
    assert Pauses(longest=3600.0).after(attempts) == pause


def test_a_lease_outlasts_every_attempt() -> None:
    """SMTP has seven steps of fifteen seconds each; else a message under way would be taken over."""
    assert LEASE > 7 * 15.0
