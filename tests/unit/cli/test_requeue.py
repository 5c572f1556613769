"""``requeue`` and ``mark-exported``: a person has acted."""

import pytest
from support.cli import THROTTLED, Bench, claimed, half_done

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Outcome, State, Wait


def state(bench: Bench, invoice_id: str) -> State | None:
    record = bench.memory.invoice(invoice_id)
    return record.state if record else None


@pytest.mark.parametrize(
    ("choice", "moved"),
    [
        (("main-100355",), ["main-100355"]),
        (("main-100355.ab12cd34", "main-100356"), ["main-100355", "main-100356"]),
        (("--period", "2026-47A"), ["main-100355", "main-100356"]),
        (("--reason", "totals-mismatch"), ["main-100356"]),
        (("--period", "main-p881", "--reason", "product-group-missing"), ["main-100355"]),
        (("--all",), ["main-100355", "main-100356"]),
    ],
)
def test_failed_invoices_are_chosen_in_several_ways(bench: Bench, choice: tuple[str, ...], moved: list[str]) -> None:
    """By id (Flower's task id too), period, reason, or all; they are received again, to be checked anew."""
    half_done(bench)

    assert bench.json("requeue", *choice, "--by", "anna")["requeued"] == moved
    assert [state(bench, invoice_id) for invoice_id in moved] == [State.RECEIVED] * len(moved)


def test_who_did_it_is_in_the_history(bench: Bench) -> None:
    """The name of --by."""
    half_done(bench)
    bench.run("requeue", "main-100355", "--by", "anna")

    record = bench.memory.invoice("main-100355")

    assert record is not None
    assert (record.history[-1].event, record.history[-1].detail) == ("requeued", "anna")


def test_what_has_not_failed_is_left_alone_and_told(bench: Bench) -> None:
    """100353 is booked: exit code 1, as not everything asked for was done."""
    half_done(bench)

    assert bench.run("requeue", "main-100353", "main-100355", "--by", "anna") == 1
    assert "1 invoice re-queued." in bench.stdout.getvalue()
    assert "as they have not failed: main-100353." in bench.stdout.getvalue()
    assert state(bench, "main-100353") is State.EXPORTED


def test_an_unknown_id_moves_nothing(bench: Bench) -> None:
    """A typing error is found before anything is done."""
    half_done(bench)

    assert bench.run("requeue", "main-1", "main-100355", "--by", "anna") == 2
    assert state(bench, "main-100355") is State.DEAD


@pytest.mark.parametrize("arguments", [(), ("main-100355", "--all"), ("--all", "--period", "main-p881")])
def test_exactly_one_way_of_choosing(bench: Bench, arguments: tuple[str, ...]) -> None:
    """Nothing chosen, or chosen twice: wrong usage."""
    half_done(bench)

    assert bench.run("requeue", *arguments, "--by", "anna") == 2


def test_a_paused_export_is_said(bench: Bench) -> None:
    """Re-queued invoices of a paused export wait: the command to resume it is named."""
    half_done(bench)
    bench.memory.pause("main", failure(ProcessReason.EXPORT_PAUSED, "by hand"))

    bench.run("requeue", "--all", "--by", "anna")

    assert "opter-economic export resume main" in bench.stdout.getvalue()


def test_treat_as_exported(bench: Bench) -> None:
    """A dead letter entered by hand counts as exported, with who and why in its history."""
    half_done(bench)

    assert bench.run("mark-exported", "main-100356", "--by", "anna", "--why", "entered as 100356") == 0
    record = bench.memory.invoice("main-100356")
    assert record is not None
    assert (record.state, record.outcome) == (State.EXPORTED, Outcome.BY_HAND)
    assert record.history[-1].detail == "anna: entered as 100356"


def test_what_has_not_begun_can_be_marked_as_exported(bench: Bench) -> None:
    """100354 waits, and nothing of it was sent: it will not be posted."""
    half_done(bench)

    assert bench.run("mark-exported", "main-100354", "--by", "anna", "--why", "by hand") == 0
    assert state(bench, "main-100354") is State.EXPORTED


def test_what_may_be_in_e_conomic_cannot_be_marked_as_exported(bench: Bench) -> None:
    """100354 waits with a draft known: the draft would remain beside the invoice entered by hand."""
    half_done(bench)
    bench.sleep(60)
    bench.memory.sweep(idle_exports=frozenset())
    begun = claimed(bench.memory, "main-100354").with_progress(draft_number=5)
    bench.memory.save(begun, Wait(until=bench.clock() + 60, failure=THROTTLED, costs_attempt=False))

    assert bench.run("mark-exported", "main-100354", "--by", "anna", "--why", "by hand") == 1
    assert "part of it may be in e-conomic" in bench.stderr.getvalue()
    assert state(bench, "main-100354") is State.WAITING


def test_what_is_exported_cannot_be_marked_again(bench: Bench) -> None:
    """100353 is booked: whoever marks it means another invoice."""
    half_done(bench)

    assert bench.run("mark-exported", "main-100353", "--by", "anna", "--why", "by hand") == 1
    assert "it counts as exported already" in bench.stderr.getvalue()
