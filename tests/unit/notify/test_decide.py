"""What becomes a message, and what does not."""

from dataclasses import replace

import pytest
from support.notifying import GATHER, WAIT, Bench, channel
from support.store import steps
from support.store.batch_rules import OTHER, die, export_received
from support.store.steps import FAILURE

from worker.domain.batch import BatchAction, NewBatch
from worker.domain.invoice_period import StoredCertificate
from worker.domain.reasons import EventReason, ProcessReason, failure
from worker.domain.record import Finish, Outcome
from worker.domain.signs_of_life import Part
from worker.domain.sums import Problem
from worker.intake.queue import DeadEvent, digest, envelope

BROKEN = failure(ProcessReason.EXPORT_PAUSED, "by hand")


def begun(*channels: object, **options: bool) -> Bench:
    """Return a bench that has looked before: what happens from now on is news."""
    bench = Bench(*channels, **options)  # type: ignore[arg-type]  # channels
    bench.look()
    return bench


def exported(bench: Bench, *numbers: int, period: int = 881) -> None:
    whole = steps.take_in(bench.store, *numbers, period_number=period, event=f"e{period}")
    for key in steps.check(bench.store, whole.id):
        bench.store.save(steps.claim(bench.store, key), Finish(outcome=Outcome.BOOKED))


def certificate(at: str, *, open_differences: int = 0, period: str = "main-p881", text: str = "a") -> StoredCertificate:
    return StoredCertificate(
        id=f"{period}-c{text}{at}",
        period=period,
        at=at,
        sha256="0",
        text="{}",
        complete=True,
        open_differences=open_differences,
        books="DKK 2 250.00",
    )


def refuse(bench: Bench, raw: bytes, *, period: str = "2026-47A") -> None:
    problem = Problem(reason=EventReason.CONTROL_TOTALS, description="off by 0.01")
    event = DeadEvent(id=digest(raw), bytes=len(raw), at=1.0, problems=(problem,), export="main", period=period)
    bench.queue.dead_letter(raw, envelope(event))


def test_a_period_is_told_of_once_when_it_is_done() -> None:
    """With what was reported; however often it is looked at, in one process or another."""
    bench = begun()
    exported(bench, 1, 2)
    bench.look()
    bench.start()
    bench.look()

    assert bench.receiver.subjects() == ["Period 2026-881A is done: 2 invoices"]
    assert "Reported by the export: 250.00 DKK" in bench.receiver.letters[0][1].body


def test_a_period_waits_for_its_certificate() -> None:
    """What stands in e-conomic was read there, after the last invoice; a certificate that is older says nothing."""
    bench = begun(certificates=True)
    bench.clock.advance(30.75)  # a certificate says no more than the second in which it was read
    exported(bench, 1, 2)
    bench.look(after=1)
    bench.store.add_certificate(certificate("2027-01-15T07:00:00+00:00"), [])
    bench.look(after=1)
    early = list(bench.receiver.letters)
    bench.store.add_certificate(certificate("2027-01-15T08:00:30+00:00"), [])
    bench.look(after=60)
    [(_, letter)] = bench.receiver.letters

    assert early == []
    assert "2 invoices, 250.00 DKK" in letter.body
    assert "No difference between Opter and e-conomic." in letter.body
    assert "https://opter.example.dk/periods/main-p881" in letter.body


def test_a_certificate_that_does_not_come_is_not_waited_for() -> None:
    """After half an hour it is told without, and said so; the certificate itself is no further message."""
    bench = begun(certificates=True)
    exported(bench, 1, 2)
    bench.look()
    bench.look(after=WAIT - 1)
    early = list(bench.receiver.letters)
    bench.look(after=2)
    bench.store.add_certificate(certificate("2027-01-15T09:00:00+00:00"), [])
    bench.look(after=3600)
    [(_, letter)] = bench.receiver.letters

    assert early == []
    assert "Not read back from e-conomic yet" in letter.body


def test_what_was_at_its_end_before_the_first_look_is_nobodys_news() -> None:
    """Whoever sets a channel gets no mail about last year's periods; what still waits for a person is told."""
    bench = Bench()
    exported(bench, 1)
    die(bench.store, 2, period=882)
    bench.settle()

    assert bench.receiver.subjects() == [
        "New cause of failures: Product groups missing in e-conomic: 3010: 1 invoice, 125.00 DKK"
    ]


def test_failures_are_told_by_cause_and_value() -> None:
    """As the page groups them; a period's digest comes once, however the failures come and go."""
    bench = begun()
    die(bench.store, 1, 2)
    bench.look()
    [(_, digest_)] = bench.receiver.letters
    bench.store.requeue(["main-1"], by="kim")
    die(bench.store, 1)
    bench.look()

    assert digest_.subject == "Period 2026-881A: 2 to fix, of 2 invoices"
    assert "- Product groups missing in e-conomic: 3010: 2 invoices, 250.00 DKK" in digest_.body
    assert "→ Create the product groups in e-conomic" in digest_.body
    assert bench.receiver.subjects() == [digest_.subject]


def test_a_period_that_was_fixed_is_told_to_be_done() -> None:
    """One message that something is to be fixed, one that it is done."""
    bench = begun()
    die(bench.store, 1, 2)
    bench.look()
    bench.store.requeue(["main-1", "main-2"], by="kim")
    export_received(bench.store)
    bench.look()
    bench.look()

    assert bench.receiver.subjects() == [
        "Period 2026-881A: 2 to fix, of 2 invoices",
        "Period 2026-881A is done: 2 invoices",
    ]


def test_a_new_cause_gathers_before_it_is_told_and_is_told_once() -> None:
    """With the invoices that failed for it by then; one that is back after it was gone is told as that."""
    kinds = frozenset({"new-cause", "cause-back"})
    bench = begun(channel(kinds=kinds))
    die(bench.store, 1)
    bench.look()
    die(bench.store, 2, period=882)
    bench.look(after=GATHER)
    bench.look(after=GATHER)
    bench.store.requeue(["main-1", "main-2"], by="kim")
    bench.look()
    die(bench.store, 3, period=883)
    bench.look()
    bench.look(after=GATHER)
    bench.look(after=GATHER)

    assert bench.receiver.subjects() == [
        "New cause of failures: Product groups missing in e-conomic: 3010: 2 invoices, 250.00 DKK",
        "A cause that was gone is back: Product groups missing in e-conomic: 3010: 1 invoice, 125.00 DKK",
    ]


def test_what_lies_with_customers_is_one_cause_without_their_values() -> None:
    """A hundred customers are no hundred messages, and who they are is not sent, unless the channel wants it."""
    kinds = frozenset({"new-cause"})
    bench = begun(channel(kinds=kinds), channel("main:finance", kinds=kinds, customer_values=True))
    die(bench.store, 1, failure=OTHER)
    bench.look()
    die(bench.store, 2, failure=replace(OTHER, value="K-2"), period=882)
    bench.look(after=GATHER)
    bench.look(after=GATHER)

    assert bench.receiver.subjects() == ["New cause of failures: Customer barred: 2 invoices, 250.00 DKK"]
    assert bench.receiver.subjects("main-finance") == [
        "New cause of failures: Customer barred: K-1 æ, K-2: 2 invoices, 250.00 DKK"
    ]
    assert "K-1" not in bench.receiver.letters[0][1].body


def test_a_cause_that_cleared_itself_is_told_once_with_what_became_of_its_invoices() -> None:
    """When the last of them has come to its end."""
    bench = begun(channel(kinds=frozenset({"cause-cleared"})))
    die(bench.store, 1, 2)
    key = next(iter(bench.store.causes())).id
    order = NewBatch(id="main-batch-9", export="main", action=BatchAction.REQUEUE, by="self-clearing", cause=FAILURE)
    bench.store.clear_cause(key, order)
    bench.store.advance_batches()
    bench.look()
    early = bench.receiver.subjects()
    export_received(bench.store)
    bench.store.advance_batches()
    bench.look()
    bench.look()
    [(_, letter)] = bench.receiver.letters

    assert early == []
    assert letter.subject == (
        "A cause is gone, and its invoices went on by themselves: Product groups missing in e-conomic: 3010"
    )
    assert "2 invoices were queued again: 2 exported, 0 failed again" in letter.body


def test_a_pause_is_told_and_so_is_its_end() -> None:
    """Each time anew."""
    bench = begun()
    for _ in range(2):
        bench.store.pause("main", BROKEN)
        bench.look()
        bench.look()
        bench.store.resume("main")
        bench.look()

    assert bench.receiver.subjects() == ["Export main is paused", "Export main goes on"] * 2


def test_refused_events_are_told_together_and_once() -> None:
    """A sender that is broken refuses hundreds; one that was sent again and is refused anew is told anew."""
    bench = begun()
    for number in range(3):
        refuse(bench, b"event %d" % number)
    bench.look()
    refuse(bench, b"event 9")
    bench.look()
    bench.queue.discard(b"event 9")
    bench.look()
    refuse(bench, b"event 9")
    bench.look()

    assert bench.receiver.subjects() == [
        "3 events were refused: 2026-47A",
        "1 event was refused: 2026-47A",
        "1 event was refused: 2026-47A",
    ]
    assert "- Period does not add up (3)" in bench.receiver.letters[0][1].body


def test_no_worker_is_told_once_it_lasts_and_that_one_is_back() -> None:
    """A restart is no news."""
    bench = Bench()
    bench.parts = (Part.WORKER,)
    bench.start()
    bench.look()
    bench.store.show_life(Part.WORKER, "w1")
    bench.look(after=GATHER / 2)
    bench.look(after=GATHER)
    bench.look(after=GATHER)
    bench.look(after=GATHER)
    bench.store.show_life(Part.WORKER, "w1")
    bench.look()

    assert bench.receiver.subjects() == ["No worker is running", "A worker is running again"]


@pytest.mark.parametrize("before", [True, False], ids=["told-before", "in-the-digest"])
def test_a_period_that_drifts_away_is_told_unless_its_digest_says_so(*, before: bool) -> None:
    """What a nightly reading finds in a period that was done is news; what the first one finds stands in the digest."""
    bench = begun()
    exported(bench, 1, 2)
    if before:
        bench.look()
    bench.store.add_certificate(certificate("2027-01-15T08:00:30+00:00", open_differences=2), [])
    bench.look(after=60)
    bench.look(after=60)
    subjects = bench.receiver.subjects()

    if before:
        drift = "Period 2026-881A differs from e-conomic since it was done; invoices to look at: 2"
        assert subjects == ["Period 2026-881A is done: 2 invoices", drift]
    else:
        assert subjects == ["Period 2026-881A: 2 to fix, of 2 invoices"]


def test_a_gap_in_the_series_is_told_unless_it_is_filled_in_time() -> None:
    """The next period may bring the number; what is told is told once."""
    bench = begun(channel(kinds=frozenset({"series-gap"})))
    bench.gaps = [("main", 3, 5)]
    exported(bench, 1, 2)
    bench.look()
    bench.gaps = []
    bench.look(after=WAIT + 1)
    filled = bench.receiver.subjects()
    bench.gaps = [("main", 3, 5), ("main", 9, 9)]
    exported(bench, 10, period=882)
    bench.look()
    bench.look(after=WAIT + 1)
    bench.look(after=WAIT + 1)

    assert filled == []
    assert bench.receiver.subjects() == ["Period 2026-882A: 4 numbers of the series never came: 3-5, 9"]


def test_a_channel_is_sent_what_it_wants_of_its_own_export() -> None:
    """What concerns the installation as a whole goes to all."""
    bench = Bench(channel(kinds=frozenset({"paused"})), channel("main:finance"), channel("b:finance"))
    bench.parts = (Part.WORKER,)
    bench.start()
    bench.look()
    bench.store.pause("main", BROKEN)
    bench.look(after=GATHER)

    assert bench.receiver.subjects() == ["Export main is paused"]
    assert bench.receiver.subjects("main-finance") == ["No worker is running, and 1 more"]
    assert bench.receiver.subjects("b-finance") == ["No worker is running"]
