"""``plan --out`` and ``publish --plan``: what a person sees, and what is refused."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from support.harness import EXPORT, Harness
from support.plan_periods import KNOWN, TWICE, period
from support.planning import PlanBench, methods
from support.samples import invoice, line

from config.export_schema import Booking
from worker.domain.invoice import Invoice
from worker.dry_run.plan import ASSIGNED_LATER


@pytest.fixture
def bench() -> PlanBench:
    """Commands over a sandbox and a store in memory, on a terminal of 80 columns."""
    bench = PlanBench(Harness())
    bench.out.width = bench.err.width = 80
    return bench


def write(path: Path, *invoices: Invoice) -> str:
    """Write invoices as NDJSON, one a line."""
    path.write_text("".join(each.content().text + "\n" for each in invoices))
    return str(path)


def last_line(bench: PlanBench) -> str:
    return bench.stdout.getvalue().splitlines()[-1]


def test_a_period_without_problems_is_shown_and_published_as_planned(bench: PlanBench, tmp_path: Path) -> None:
    """Exit code 0; the last line names the plan by its file's SHA-256; with that file the invoices are published."""
    file, out = write(tmp_path / "period.ndjson", *period()), tmp_path / "plan.json"

    assert bench.run("plan", file, "--period", "881", "--out", str(out)) == 0
    shown, name = bench.stdout.getvalue(), f"plan sha256:{sha256(out.read_bytes()).hexdigest()}"
    assert last_line(bench) == name
    assert "To be posted   5" in shown
    assert "POST /invoices/drafts" in shown
    assert '"unitNetPrice": 1000.00' in shown  # digit by digit as it is sent
    assert methods(bench.harness) == {"GET"}
    assert not bench.queue.queue

    assert bench.run("publish", file, "--period", "881", "--plan", str(out)) == 0
    assert f"As planned: {name}" in bench.stdout.getvalue()
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


def test_the_plan_file_is_for_its_owner_alone(bench: PlanBench, tmp_path: Path) -> None:
    """It holds customer data: mode 0600, even where a file that everybody could read was there before."""
    out = tmp_path / "plan.json"
    out.write_text("old")
    out.chmod(0o644)

    bench.run("plan", write(tmp_path / "period.ndjson", *period()), "--period", "881", "--out", str(out))

    assert out.stat().st_mode & 0o777 == 0o600
    assert "holds customer data; only you can read it" in " ".join(bench.stdout.getvalue().split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["period.ndjson", "plan.json"]


def test_a_plan_file_that_cannot_be_written_is_explained(bench: PlanBench, tmp_path: Path) -> None:
    """Exit code 2: the folder does not exist."""
    file = write(tmp_path / "period.ndjson", *period())

    assert bench.run("plan", file, "--period", "881", "--out", str(tmp_path / "missing" / "plan.json")) == 2
    assert "cannot be written: No such file or directory" in " ".join(bench.stderr.getvalue().split())


def test_json_comes_with_the_plan_file(bench: PlanBench, tmp_path: Path) -> None:
    """``--json --out``: the document on standard output names the file that was written."""
    out = tmp_path / "plan.json"
    document = bench.json("plan", write(tmp_path / "period.ndjson", *period()), "--period", "881", "--out", str(out))

    assert document["hash"] == f"sha256:{sha256(out.read_bytes()).hexdigest()}"


def test_what_has_changed_is_shown_and_nothing_published(bench: PlanBench, tmp_path: Path) -> None:
    """Somebody deleted the product group meanwhile: exit code 1, an empty queue."""
    file, out = write(tmp_path / "period.ndjson", invoice(customer=KNOWN)), str(tmp_path / "plan.json")
    bench.run("plan", file, "--period", "881", "--out", out)
    del bench.harness.sandbox.agreement.product_groups[61]
    bench.harness.clock.advance(1)

    assert bench.run("publish", file, "--period", "881", "--plan", out) == 1
    assert "product group for sales account 3010   there → missing" in bench.stderr.getvalue()
    assert not bench.queue.queue


def test_the_changes_read_like_a_diff(bench: PlanBench, tmp_path: Path) -> None:
    """Exports file, e-conomic, invoices and creations, each field before and after, on 80 columns."""
    file, out = tmp_path / "period.ndjson", str(tmp_path / "plan.json")
    bench.run("plan", write(file, *period()), "--period", "881", "--out", out)
    harness = bench.harness
    harness.export = EXPORT.model_copy(update={"booking": Booking(book=False)})
    bench.exports = {"main": harness.export}
    del harness.sandbox.agreement.product_groups[62]
    harness.clock.advance(1)
    write(file, invoice(line("2000.00"), customer=KNOWN, invoice_number=100353), *period()[1:4])

    assert bench.run("publish", str(file), "--period", "881", "--plan", out) == 1

    shown = [text.rstrip() for text in bench.stderr.getvalue().splitlines()]
    changes, advice = "\n".join(shown).split("\n→ ")
    assert changes == CHANGES
    assert max(map(len, shown)) <= 80
    assert advice.startswith("If that is right, make a new plan: `opter-economic plan` with the same files")


CHANGES = """\
✗ Something has changed since the plan; nothing was published.

In the exports file
  booking.book   true → false

In e-conomic
  product group for sales account 3012   there → missing

Invoices · 5 planned, 4 now
  main-100357   there → not there
  main-100353
    contentHash                   d018b6a64034… → 8651bfe85ae4…
    source.net                    1000.00 → 2000.00
    source.vat                    250.00 → 500.00
    source.gross                  1250.00 → 2500.00
    predicted.net                 1000.00 → 2000.00
    predicted.vat                 250.00 → 500.00
    predicted.gross               1250.00 → 2500.00
    draft.lines[0].unitNetPrice   1000.00 → 2000.00
    book                          POST /invoices/booked → none
  main-100354
    action      post → fail
    predicted   144.99 DKK → none
    problems    none → product-group-missing
    draft       POST /invoices/drafts → none
    book        POST /invoices/booked → none
  2 invoices: main-100355, main-100356
    book   POST /invoices/booked → none

New customers · 2 planned, 1 now
  7001 Nummer 7001 A/S   there → not there

New products · 2 planned, 1 now
  3012 3012   there → not there
"""


def test_many_changes_are_counted(bench: PlanBench, tmp_path: Path) -> None:
    """30 invoices change alike: one entry, with eight names and the number of the others."""
    file, out = tmp_path / "period.ndjson", str(tmp_path / "plan.json")
    many = [invoice(customer=KNOWN, invoice_number=100353 + number) for number in range(30)]
    bench.run("plan", write(file, *many), "--period", "881", "--out", out)
    harness = bench.harness
    harness.export = EXPORT.model_copy(update={"booking": Booking(book=False)})
    bench.exports = {"main": harness.export}

    assert bench.run("publish", str(file), "--period", "881", "--plan", out) == 1
    shown = " ".join(bench.stderr.getvalue().split())
    assert "Invoices · 30 of 30 changed" in shown
    assert "30 invoices: main-100353, main-100354," in shown
    assert "main-100360 and 22 more book POST /invoices/booked → none" in shown


def test_invoices_that_change_in_their_own_ways_are_counted(bench: PlanBench, tmp_path: Path) -> None:
    """30 invoices with other amounts: twelve in full, the rest by number."""
    file, out = tmp_path / "period.ndjson", str(tmp_path / "plan.json")
    numbers = range(100353, 100383)
    bench.run(
        "plan",
        write(file, *(invoice(customer=KNOWN, invoice_number=number) for number in numbers)),
        "--period",
        "881",
        "--out",
        out,
    )
    write(file, *(invoice(line(f"{number}.00"), customer=KNOWN, invoice_number=number) for number in numbers))

    assert bench.run("publish", str(file), "--period", "881", "--plan", out) == 1
    shown = bench.stderr.getvalue()
    assert shown.count("contentHash") == 12
    assert "… and 18 more" in shown


def no_plan(raw: bytes) -> bytes:
    return raw[::-1]


def cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def edited(raw: bytes) -> bytes:
    return raw.replace(b"1000.00", b"1001.00")


def newer(raw: bytes) -> bytes:
    return raw.replace(b'"planVersion": 1', b'"planVersion": 2')


@pytest.mark.parametrize(
    ("change", "explanation"),
    [
        (no_plan, "It is no plan file, or only a part of one."),
        (cut, "It is no plan file, or only a part of one."),
        (edited, "It has been edited since it was written"),
        (newer, "It has version 2 of a plan file; this program reads 1."),
    ],
)
def test_a_file_that_is_no_whole_plan_publishes_nothing(
    bench: PlanBench, tmp_path: Path, change: Callable[[bytes], bytes], explanation: str
) -> None:
    """Exit code 2, what is wrong with it, and what to do."""
    file, out = write(tmp_path / "period.ndjson", invoice(customer=KNOWN)), tmp_path / "plan.json"
    bench.run("plan", file, "--period", "881", "--out", str(out))
    out.write_bytes(change(out.read_bytes()))

    assert bench.run("publish", file, "--period", "881", "--plan", str(out)) == 2
    shown = " ".join(bench.stderr.getvalue().split())
    assert explanation in shown
    assert "nothing was published" in shown
    assert "make a new plan" in shown
    assert not bench.queue.queue


def test_a_plan_file_that_is_not_there_publishes_nothing(bench: PlanBench, tmp_path: Path) -> None:
    """Exit code 2."""
    file = write(tmp_path / "period.ndjson", invoice(customer=KNOWN))

    assert bench.run("publish", file, "--period", "881", "--plan", str(tmp_path / "plan.json")) == 2
    assert not bench.queue.queue


def test_a_period_in_the_store_has_the_plan_of_its_event(bench: PlanBench, tmp_path: Path) -> None:
    """By id or by Opter's name; the same invoices, the same plan as from the file."""
    bench.run("plan", write(tmp_path / "period.ndjson", *period()), "--period", "881", "--name", "2026-47A")
    from_file = last_line(bench)
    bench.harness.close_period(*period())

    assert bench.run("plan", "main-p881") == 0
    assert last_line(bench) == from_file
    bench.run("plan", "2026-47A")
    assert last_line(bench) == from_file


def test_scripts_get_all_of_it(bench: PlanBench, tmp_path: Path) -> None:
    """Every invoice with its requests, byte for byte, new customers and products, calls, and the plan's name."""
    file = write(tmp_path / "period.ndjson", *period())

    document = bench.json("plan", file, "--period", "881")
    bench.run("plan", file, "--period", "881")

    bodies = [json.loads(request["body"]) for each in document["invoices"] for request in each["requests"]]
    assert f"plan {document['hash']}" == last_line(bench)
    assert document["actions"]["post"] == len(document["invoices"]) == 5
    assert [created["number"] for created in document["newProducts"]] == ["3012", "3020"]
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
    ("arguments", "explanation"),
    [
        (("no-such-period",), "There is no period 'no-such-period'."),
        (("main-p881", "main-p882"), "A plan is made for one period."),
        (("{file}", "missing.json"), "There is no file missing.json."),
        (("{file}",), "Add --period with its number in Opter."),
    ],
)
def test_what_cannot_be_planned_is_explained(
    bench: PlanBench, tmp_path: Path, arguments: tuple[str, ...], explanation: str
) -> None:
    """Exit code 2, and what to name instead."""
    file = write(tmp_path / "period.ndjson", invoice(customer=KNOWN))

    assert bench.run("plan", *(argument.format(file=file) for argument in arguments)) == 2
    assert explanation in bench.stderr.getvalue()


def test_an_event_whose_sums_are_wrong_has_no_plan(bench: PlanBench, tmp_path: Path) -> None:
    """1000.00 + 250.00 is not 2500.00: the intake would refuse it as a whole."""
    wrong = invoice(customer=KNOWN).model_copy(update={"gross": invoice().gross + invoice().gross})

    assert bench.run("plan", write(tmp_path / "wrong.ndjson", wrong), "--period", "881") == 2
    assert "2500.00" in bench.stderr.getvalue()
