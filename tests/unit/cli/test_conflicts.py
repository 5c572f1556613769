"""``conflicts``: both contents side by side, and accepted with a reason."""

from support.cli import EVENT, Bench, book, check, open_period
from support.samples import invoice, line

from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.queue import DeadEvent, digest, envelope


def _conflict(bench: Bench, *numbers: int) -> None:
    sources = [invoice(line(), invoice_number=number) for number in numbers or (100353,)]
    period = open_period(bench.memory, *sources)
    check(bench.memory, period, {})
    for source in sources:
        book(bench.memory, f"main-{source.invoice_number}")
    bench.memory.register(period, EVENT, [_again(source) for source in sources])
    bench.memory.close_event(period, EVENT)


def _again(source: Invoice) -> NewInvoice:
    later = source.model_copy(update={"your_reference": "Other reference"}).content()
    return NewInvoice(
        id=f"main-{source.invoice_number}",
        export="main",
        invoice_number=source.invoice_number,
        invoice_type="invoice",
        region=None,
        content=later.text,
        content_hash=later.sha256,
    )


def _refuse_event(bench: Bench, *reasons: EventReason, content: bytes = b"{}", key: str = EVENT) -> None:
    """The event waits for a person as well."""
    problems = [Problem(reason=reason, description="was taken in before") for reason in reasons]
    event = DeadEvent(id=digest(content), bytes=len(content), at=0.0, problems=tuple(problems), event_key=key)
    with bench.events() as queue:
        queue.dead_letter(content, envelope(event))


def test_one_command_clears_an_event_that_came_under_a_used_id(bench: Bench) -> None:
    """Its invoices that were posted already are conflicts: with the last of them the event is done, too."""
    _conflict(bench, 100353, 100354)
    _refuse_event(bench, EventReason.EVENT_CONFLICT)
    assert bench.run("conflicts", "accept", "100353", "--why", "credited") == 0
    assert bench.run("events", "dead", "list") == 1
    assert bench.run("conflicts", "accept", "100354", "--why", "credited") == 0

    assert "1 event that brought nothing else no longer waits for a person." in bench.stdout.getvalue()
    assert bench.run("events", "dead", "list") == 0


def test_several_conflicts_are_accepted_together(bench: Bench) -> None:
    """Named in one command, or nothing is changed when one of them is none."""
    _conflict(bench, 100353, 100354)
    assert bench.run("conflicts", "accept", "100353", "100355", "--why", "credited") == 2
    assert len(bench.json("conflicts", "list")) == 2
    assert bench.run("conflicts", "accept", "100353", "100354", "--why", "credited") == 0

    assert bench.run("conflicts", "list") == 0


def test_an_event_of_which_something_is_missing_still_waits(bench: Bench) -> None:
    """Invoices of it that were left out, or another event, are not settled by accepting a conflict."""
    _conflict(bench)
    _refuse_event(bench, EventReason.EVENT_CONFLICT, EventReason.DUPLICATE_NUMBER)
    _refuse_event(bench, EventReason.EVENT_CONFLICT, content=b"{ }", key="/opter/acme/1#other")
    assert bench.run("conflicts", "accept", "100353", "--why", "credited") == 0

    assert len(bench.json("events", "dead", "list")) == 2


def test_a_conflict_is_shown_field_by_field(bench: Bench) -> None:
    """Only what differs; the list ends with 1 as a person is needed."""
    _conflict(bench)

    assert bench.run("conflicts", "list") == 1
    assert bench.run("conflicts", "show", "100353") == 0
    shown = bench.stdout.getvalue()
    assert "Other reference" in shown
    assert "currency" not in shown


def test_an_accepted_conflict_is_over_and_kept(bench: Bench) -> None:
    """The period is done again; both contents can still be read."""
    _conflict(bench)
    assert bench.run("status", "881") == 1

    assert bench.run("conflicts", "accept", "100353", "--why", "credited by 100371", "--by", "kim") == 0

    assert bench.run("conflicts", "list") == 0
    assert bench.run("status", "881") == 0
    [kept] = bench.json("conflicts", "show", "100353")
    assert kept["accepted"] == "kim: credited by 100371"
    assert kept["posted"] != kept["cameLater"]


def test_accepting_needs_a_reason_and_a_conflict(bench: Bench) -> None:
    """Wrong usage otherwise, and nothing is changed."""
    _conflict(bench)

    assert bench.run("conflicts", "accept", "100353", "--why", " ") == 2
    assert bench.run("conflicts", "accept", "100354", "--why", "seen") == 2
    assert bench.run("conflicts", "list") == 1
