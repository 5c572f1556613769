"""``reexport``: what was exported goes again, and the report says what that came to."""

import pytest
from support.cli import Bench, book, check, claimed, half_done

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Finish, MoveToDeadLetters, Outcome, State
from worker.economic.reasons import EconomicReason


def state(bench: Bench, invoice_id: str) -> State | None:
    record = bench.memory.invoice(invoice_id)
    return record.state if record else None


def whole(bench: Bench) -> str:
    """Put a period of four in place: 100353 to 100355 booked, 100356 entered by hand; return its id."""
    period = half_done(bench)
    bench.memory.requeue(["main-100355"], by="kim")
    bench.sleep(60)
    bench.memory.sweep(idle_exports=frozenset())
    check(bench.memory, period, {})
    for number in (100354, 100355):
        book(bench.memory, f"main-{number}")
    bench.memory.mark_exported("main-100356", by="kim", why="entered")
    return period


def test_single_invoices_go_again(bench: Bench) -> None:
    """By id, Flower's task id too; they are looked up before anything else is done, and history says who wanted it."""
    whole(bench)

    assert bench.run("reexport", "main-100353", "main-100354.ab12cd34", "--by", "anna") == 0
    assert "2 invoices to be looked up and exported again." in bench.stdout.getvalue()
    record = bench.memory.invoice("main-100353")
    assert record is not None
    assert (record.state, record.outcome, record.progress.lookup) == (State.RECEIVED, None, True)
    assert (record.history[-1].event, record.history[-1].detail) == ("reexport", "anna")


def test_a_whole_period_goes_again_but_for_what_was_entered_by_hand(bench: Bench) -> None:
    """Three booked ones go; the one entered by hand may not be found in e-conomic, so it is left and named."""
    whole(bench)

    document = bench.json("reexport", "--period", "2026-47A", "--by", "anna")
    [batch] = document.pop("batches")

    assert document == {
        "reexported": ["main-100353", "main-100354", "main-100355"],
        "leftAlone": ["main-100356"],
    }
    assert (batch["action"], batch["total"], batch["underWay"], batch["leftAlone"]) == ("reexport", 4, 3, 1)


def test_what_is_not_exported_is_left_alone(bench: Bench) -> None:
    """Failed and waiting invoices have commands of their own."""
    half_done(bench)

    assert bench.run("reexport", "main-100353", "main-100354", "main-100355", "--by", "anna") == 1
    assert "main-100354, main-100355." in bench.stdout.getvalue()
    assert [state(bench, f"main-{n}") for n in (100354, 100355)] == [State.WAITING, State.DEAD]


def test_an_invoice_marked_by_mistake_can_be_exported(bench: Bench) -> None:
    """Only by its id, and only with --by-hand."""
    whole(bench)

    assert bench.run("reexport", "main-100356", "--by", "anna") == 1
    assert bench.run("reexport", "main-100356", "--by-hand", "--by", "anna") == 0
    assert state(bench, "main-100356") is State.RECEIVED


@pytest.mark.parametrize(
    "arguments", [(), ("main-100353", "--period", "main-p881"), ("--period", "main-p881", "--by-hand"), ("main-1",)]
)
def test_a_slip_changes_nothing(bench: Bench, arguments: tuple[str, ...]) -> None:
    """Nothing chosen, chosen twice, by hand for a whole period, an unknown id: wrong usage."""
    whole(bench)

    assert bench.run("reexport", *arguments, "--by", "anna") == 2
    assert state(bench, "main-100353") is State.EXPORTED


def test_a_paused_export_is_said(bench: Bench) -> None:
    """They wait: the command to resume it is named."""
    whole(bench)
    bench.memory.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))
    bench.run("reexport", "main-100353", "--by", "anna")

    assert "opter-economic export resume main" in bench.stdout.getvalue()


def test_the_report_of_the_run(bench: Bench) -> None:
    """Of three, one was there already, one is booked now as its draft was gone, one fails: exit code 1."""
    whole(bench)
    ends = [
        ("main-100353", Finish(outcome=Outcome.BOOKED), True),
        ("main-100354", Finish(outcome=Outcome.BOOKED), False),
        ("main-100355", MoveToDeadLetters(failure=failure(EconomicReason.BOOKED_DIFFERS, "by 1.00")), False),
    ]

    def while_waiting(_: float) -> None:
        if bench.memory.periods_due():
            check(bench.memory, "main-p881", {})
        else:
            invoice_id, end, adopted = ends.pop(0)
            bench.memory.save(claimed(bench.memory, invoice_id).with_progress(adopted=adopted), end)

    bench.sleep = while_waiting
    run = ("reexport", "main-100353", "main-100354", "main-100355", "--by", "anna", "--watch")

    assert bench.json(*run)["run"] == {
        "bookedNow": 1,
        "alreadyThere": 1,
        "leftOut": 0,
        "failed": {"booked-differs": 1},
        "moving": 0,
    }


def test_the_report_for_people(bench: Bench) -> None:
    """Nothing moves any more when the export was excluded meanwhile: nothing to wait for, nothing failed."""
    whole(bench)

    def while_waiting(_: float) -> None:
        check(bench.memory, "main-p881", {})
        bench.memory.save(claimed(bench.memory, "main-100353"), Finish(outcome=Outcome.EXCLUDED))

    bench.sleep = while_waiting

    assert bench.run("reexport", "main-100353", "--by", "anna", "--watch") == 0
    shown = bench.stdout.getvalue()
    assert [
        word for word in ("Booked now", "Already there", "Failed", "Left out on purpose") if word not in shown
    ] == []
