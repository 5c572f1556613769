"""Invoices and periods by the names that people have for them, in every command that takes one."""

import csv
import io
import time
from dataclasses import replace

import pytest
from rich.console import Console
from support.cli import GROUP_MISSING, Bench, book, check, half_done, open_period
from support.samples import invoice, line

from worker.cli import formatting
from worker.cli.commands.invoices import invoices_view
from worker.cli.views.period import periods_view
from worker.domain.invoice_period import StoredCertificate
from worker.domain.record import State

_READ_BACK = StoredCertificate(
    id="main-p881-c1",
    period="main-p881",
    at="2026-11-20T08:00:00Z",
    sha256="1",
    text="",
    complete=True,
    open_differences=0,
    books="",
)
NAMES_OF_ONE = ["100355", " 100355 ", "main-100355", "main-100355.ab12cd34"]


@pytest.mark.parametrize("name", NAMES_OF_ONE)
@pytest.mark.parametrize("command", [("invoice",), ("failed", "show")])
def test_an_invoice_is_found_by_each_of_its_names(bench: Bench, name: str, command: tuple[str, ...]) -> None:
    """A bookkeeper has Opter's number, a log the id, Flower the task id."""
    half_done(bench)

    assert bench.run(*command, name) == 1
    assert "main-100355" in bench.stdout.getvalue()


@pytest.mark.parametrize("name", NAMES_OF_ONE)
def test_an_invoice_is_moved_by_each_of_its_names(bench: Bench, name: str) -> None:
    """Once, however often it was named."""
    half_done(bench)

    assert bench.json("requeue", name, "main-100355") == {"requeued": ["main-100355"], "notFailed": []}


def test_a_number_that_several_have_is_a_question(bench: Bench) -> None:
    """Never one of them at random: it could be another company's invoice."""
    half_done(bench)
    record = bench.memory.invoice("main-100355")
    assert record is not None
    bench.memory.states = lambda ids: {i: State.DEAD for i in ids if i.endswith(("-100355",))}  # type: ignore[method-assign]
    open_period(bench.memory, invoice(line(), invoice_number=7), number=882, name="882A")

    assert bench.run("invoice", "100355") == 2
    assert "Name one by its id: main-100355" in bench.stderr.getvalue()


@pytest.mark.parametrize("name", ["881", "p881", "main-p881", "MAIN-P881", "2026-47A", "2026-47a"])
@pytest.mark.parametrize("command", [("status",), ("invoices",), ("failed", "list", "--period")])
def test_a_period_is_found_by_each_of_its_names(bench: Bench, name: str, command: tuple[str, ...]) -> None:
    """Number, name and id, large or small."""
    half_done(bench)

    assert bench.run(*command, name) in {0, 1}
    assert "main-100355" in bench.stdout.getvalue() or "main-p881" in bench.stdout.getvalue()


def test_a_misspelt_period_gets_the_nearest(bench: Bench) -> None:
    """Exit code 2, and what was probably meant."""
    half_done(bench)

    assert bench.run("status", "2026-47B") == 2
    assert '"2026-47A"' in bench.stderr.getvalue()


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("failed", "list", "--reason", "totals-mismach"), "totals-mismatch"),
        (("requeue", "--reson", "totals-mismatch"), "--reason"),
        (("failed", "--perid", "881"), "--period"),
        (("stats",), "status"),
        (("events", "dead", "lst"), "list"),
    ],
)
def test_what_is_misspelt_gets_the_nearest(
    bench: Bench, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], nearest: str
) -> None:
    """Options, commands and reason codes."""
    assert bench.run(*arguments) == 2
    assert nearest in bench.stderr.getvalue() + capsys.readouterr().err


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", [(), ("status",), ("failed", "list"), ("events", "dead", "discard"), ("invoices",)])
def test_help_has_a_short_name_everywhere(
    bench: Bench, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], option: str
) -> None:
    """On the top and on every command."""
    assert bench.run(*command, option) == 0
    assert "Usage" in capsys.readouterr().out


def test_the_version_is_shown(bench: Bench) -> None:
    """Name and number, and nothing else."""
    assert bench.run("--version") == 0
    assert bench.stdout.getvalue().startswith("opter-economic ")


@pytest.mark.parametrize(("state", "numbers"), [(None, 4), ("dead", 2), ("waiting", 1), ("exported", 1), ("queued", 0)])
def test_the_invoices_of_a_period_by_state(bench: Bench, state: str | None, numbers: int) -> None:
    """All, or those in one state; CSV and JSON hold the same rows."""
    half_done(bench)
    options = ("--state", state) if state else ()

    rows = bench.json("invoices", "881", *options)
    bench.run("invoices", "881", *options, "--csv")
    written = list(csv.DictReader(io.StringIO(bench.stdout.getvalue()), delimiter=";"))

    assert len(rows) == numbers
    assert [row["id"] for row in written] == [row["id"] for row in rows]
    assert all(row["gross"] and row["customer"] for row in rows)


@pytest.mark.parametrize("name", ["=HYPERLINK(A1)", "+1+1", "-2+3+cmd", "@SUM(A1)"])
def test_a_customers_name_is_no_formula_in_a_spreadsheet(bench: Bench, name: str) -> None:
    """Whoever names a company would run in the bookkeeper's spreadsheet otherwise; amounts stay amounts."""
    source = invoice(line("-100.00"), invoice_type="correction")
    customer = source.customer.model_copy(update={"name": name})
    open_period(bench.memory, source.model_copy(update={"customer": customer}))

    bench.run("invoices", "881", "--csv")

    assert f";'{name};" in bench.stdout.getvalue()
    assert ";-125.00;" in bench.stdout.getvalue()


def test_requeue_by_customer_and_value(bench: Bench) -> None:
    """Only those that fit everything given."""
    half_done(bench)
    code = bench.json("invoice", "100355")["invoice"]["customer"]["code"]

    assert bench.json("requeue", "--customer", "nobody")["requeued"] == []
    assert bench.json("requeue", "--customer", code.lower(), "--value", "3050")["requeued"] == ["main-100355"]


def test_requeue_is_followed_to_its_end(bench: Bench) -> None:
    """Exit code 1 when one of them fails again."""
    period = half_done(bench)
    bench.sleep = lambda _: (
        check(bench.memory, period, {"main-100355": GROUP_MISSING})
        or book(  # type: ignore[func-returns-value]
            bench.memory, "main-100356"
        )
    )

    assert bench.run("requeue", "100355", "100356", "--watch") == 1
    assert "Booked now" in bench.stdout.getvalue()


def test_failed_ones_show_customer_and_amount(bench: Bench) -> None:
    """What a bookkeeper decides by."""
    half_done(bench)

    bench.run("failed")

    shown = bench.stdout.getvalue()
    assert "1 250.00 DKK" in shown
    [row] = bench.json("failed", "--reason", "totals-mismatch")
    assert row["customer"] in shown


def test_no_key_is_broken_at_80_columns(bench: Bench) -> None:
    """A line break in an id would be copied into the next command."""
    source = invoice(line(), invoice_number=999_999_999)
    customer = source.customer.model_copy(update={"name": "Kolding og Omegns Entreprenør- og Vognmandsforretning A/S"})
    open_period(bench.memory, source.model_copy(update={"customer": customer}), name="2026-47-SYD-1")
    narrow = Console(file=io.StringIO(), width=80, theme=formatting.THEME)

    narrow.print(
        periods_view(bench.memory.periods(), {}, dead_events=0, waiting_events=0, now=bench.clock(), archived={})
    )
    narrow.print(invoices_view(list(bench.memory.invoices("main-p881", None))))

    shown = narrow.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    assert all(key in shown for key in ("main-p881", "2026-47-SYD-1", "main-999999999", "1 250.00 DKK"))
    assert max(map(len, shown.splitlines())) <= 80


def test_no_word_is_broken_in_the_list_of_periods(bench: Bench) -> None:
    """At 80 columns: a period that is being exported, and one that was read back."""
    half_done(bench)
    [moving] = bench.memory.periods()
    done = replace(moving, counts={State.EXPORTED: 4}, certificate=_READ_BACK)
    for periods, words in (([moving], {"exporting", "yet"}), ([done], {"done", "differences"})):
        narrow = Console(file=io.StringIO(), width=80, theme=formatting.THEME)
        narrow.print(periods_view(periods, {}, dead_events=0, waiting_events=0, now=bench.clock() + 360, archived={}))
        shown = narrow.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above

        assert {"Exported", "Came", "6", "min", "ago", *words} <= set(shown.split())
        assert max(map(len, shown.splitlines())) <= 80


def test_times_are_local_and_name_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bookkeeper's clock shows no UTC; JSON stays in UTC."""
    monkeypatch.setenv("TZ", "Europe/Copenhagen")
    time.tzset()

    assert formatting.moment(1_795_000_000.0).endswith((" CET", " CEST"))
    assert (formatting.iso(1_795_000_000.0) or "").endswith("Z")


@pytest.mark.parametrize("port", ["-1", "65536", "99999", "http"])
def test_a_bad_port_is_wrong_usage(bench: Bench, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback, and the range."""
    assert bench.run("sandbox", "--port", port) == 2
    assert "port" in capsys.readouterr().err


@pytest.mark.parametrize("why", ["", "  "])
def test_a_mark_by_hand_needs_a_reason(bench: Bench, why: str) -> None:
    """And nothing claims afterwards that it is in e-conomic."""
    half_done(bench)

    assert bench.run("mark-exported", "100355", "--why", why) == 2
    assert bench.run("mark-exported", "100355", "--why", "typed in as 20017") == 0
    assert "nobody looked in e-conomic" in bench.stdout.getvalue()
