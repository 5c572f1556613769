"""``conflicts``: both contents side by side, and accepted with a reason."""

from support.cli import EVENT, Bench, book, check, open_period
from support.samples import invoice, line

from worker.domain.invoice_period import NewInvoice


def _conflict(bench: Bench) -> None:
    source = invoice(line(), invoice_number=100353)
    period = open_period(bench.memory, source)
    check(bench.memory, period, {})
    book(bench.memory, "main-100353")
    later = source.model_copy(update={"your_reference": "Other reference"}).content()
    again = NewInvoice(
        id="main-100353",
        export="main",
        invoice_number=100353,
        invoice_type="invoice",
        region=None,
        content=later.text,
        content_hash=later.sha256,
    )
    bench.memory.register(period, EVENT, [again])
    bench.memory.close_event(period, EVENT)


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
