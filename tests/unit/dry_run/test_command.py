"""``plan`` and ``publish --plan``: what a person sees, and what is refused."""

import json
from pathlib import Path

import pytest
from support.harness import Harness
from support.plan_periods import KNOWN, TWICE, period
from support.planning import PlanBench, methods
from support.samples import invoice, line

from worker.domain.invoice import Invoice
from worker.dry_run.plan import ASSIGNED_LATER


@pytest.fixture
def bench() -> PlanBench:
    """Commands over the works: a sandbox, and a ledger in memory."""
    return PlanBench(Harness())


def write(path: Path, *invoices: Invoice) -> str:
    """Write invoices as NDJSON, one a line."""
    path.write_text("".join(one.content().text + "\n" for one in invoices))
    return str(path)


def last_line(bench: PlanBench) -> str:
    return bench.stdout.getvalue().splitlines()[-1]


def test_a_period_without_problems_is_shown_and_published_as_planned(bench: PlanBench, tmp_path: Path) -> None:
    """Exit code 0, the hash alone on the last line; with it the same file is published."""
    file = write(tmp_path / "period.ndjson", *period())

    assert bench.run("plan", file, "--period", "881") == 0
    shown, planned = bench.stdout.getvalue(), last_line(bench)
    assert "To be posted   5" in shown
    assert "POST /invoices/drafts" in shown
    assert '"unitNetPrice": 1000.00' in shown  # digit by digit as it is sent
    assert methods(bench.harness) == {"GET"}
    assert not bench.queue.queue

    assert bench.run("publish", file, "--period", "881", "--plan", planned) == 0
    assert len(bench.queue.queue) == 1


def test_problems_are_grouped_and_need_a_person(bench: PlanBench, tmp_path: Path) -> None:
    """Two reasons with their next steps; exit code 1."""
    wrong = [
        invoice(line(account="3050"), customer=KNOWN, invoice_number=100353),
        invoice(customer=TWICE, invoice_number=100354),
    ]

    assert bench.run("plan", write(tmp_path / "period.ndjson", *wrong), "--period", "881") == 1
    shown = bench.stdout.getvalue()
    assert "Product groups missing in e-conomic · 1 invoice" in shown
    assert "Several customers fit · 1 invoice" in shown
    assert "1059, 1060" in shown


def test_what_has_changed_is_told_and_nothing_published(bench: PlanBench, tmp_path: Path) -> None:
    """Somebody deleted the product group meanwhile: exit code 1, an empty queue."""
    file = write(tmp_path / "period.ndjson", invoice(customer=KNOWN))
    bench.run("plan", file, "--period", "881")
    planned = last_line(bench)
    del bench.harness.sandbox.agreement.product_groups[61]
    bench.harness.clock.advance(1)

    assert bench.run("publish", file, "--period", "881", "--plan", planned) == 1
    assert "product group for sales account 3010 is gone" in bench.stderr.getvalue()
    assert not bench.queue.queue


def test_a_text_that_is_no_hash_publishes_nothing(bench: PlanBench, tmp_path: Path) -> None:
    """Exit code 2, and how to get a whole one."""
    file = write(tmp_path / "period.ndjson", invoice(customer=KNOWN))

    assert bench.run("publish", file, "--period", "881", "--plan", "plan1-oops") == 2
    assert "as a whole" in bench.stderr.getvalue()
    assert not bench.queue.queue


def test_a_period_of_the_ledger_has_the_plan_of_its_event(bench: PlanBench, tmp_path: Path) -> None:
    """By id or by Opter's name; the same invoices, the same hash as from the file."""
    bench.run("plan", write(tmp_path / "period.ndjson", *period()), "--period", "881", "--name", "2026-47A")
    from_file = last_line(bench)
    bench.harness.close_period(*period())

    assert bench.run("plan", "main-p881") == 0
    assert last_line(bench) == from_file
    bench.run("plan", "2026-47A")
    assert last_line(bench) == from_file


def test_scripts_get_all_of_it(bench: PlanBench, tmp_path: Path) -> None:
    """Every invoice with its requests, byte for byte, new customers and products, calls, and the hash."""
    file = write(tmp_path / "period.ndjson", *period())

    document = bench.json("plan", file, "--period", "881")
    bench.run("plan", file, "--period", "881")

    bodies = [json.loads(one["body"]) for each in document["invoices"] for one in each["requests"]]
    assert document["hash"] == last_line(bench)
    assert document["fates"]["post"] == len(document["invoices"]) == 5
    assert [one["number"] for one in document["newProducts"]] == ["3012", "3020"]
    assert document["calls"]["writes"] == len(bodies) + len(document["newCustomers"]) + 2
    assert {body["draftInvoice"]["draftInvoiceNumber"] for body in bodies if "draftInvoice" in body} == {ASSIGNED_LATER}


def test_full_shows_every_invoice(bench: PlanBench, tmp_path: Path) -> None:
    """Three of five at first, all five on demand."""
    file = write(tmp_path / "period.ndjson", *period())

    bench.run("plan", file, "--period", "881")
    assert bench.stdout.getvalue().count("POST /invoices/booked") == 3
    assert "… and 2 invoices more" in bench.stdout.getvalue()
    bench.run("plan", file, "--period", "881", "--full")
    assert bench.stdout.getvalue().count("POST /invoices/booked") == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("no-such-period",), "There is no period 'no-such-period'."),
        (("main-p881", "main-p882"), "A plan is made for one period."),
        (("{file}", "missing.json"), "There is no file missing.json."),
        (("{file}",), "Add --period with its number in Opter."),
    ],
)
def test_what_cannot_be_planned_is_explained(
    bench: PlanBench, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Exit code 2, and what to name instead."""
    file = write(tmp_path / "period.ndjson", invoice(customer=KNOWN))

    assert bench.run("plan", *(one.format(file=file) for one in arguments)) == 2
    assert told in bench.stderr.getvalue()


def test_an_event_whose_sums_are_wrong_has_no_plan(bench: PlanBench, tmp_path: Path) -> None:
    """1000.00 + 250.00 is not 2500.00: the intake would refuse it as a whole."""
    wrong = invoice(customer=KNOWN).model_copy(update={"gross": invoice().gross + invoice().gross})

    assert bench.run("plan", write(tmp_path / "wrong.ndjson", wrong), "--period", "881") == 2
    assert "2500.00" in bench.stderr.getvalue()
