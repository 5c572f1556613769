"""``publish``: everything is checked before anything is on the queue."""

import json
from pathlib import Path

import pytest
from support.cli import Bench, half_done
from support.samples import export, invoice

from worker.domain.invoice import Invoice
from worker.domain.record import State
from worker.intake.reading import read_event


def write(path: Path, *invoices: Invoice) -> str:
    """Write invoices as NDJSON, one a line."""
    path.write_text("".join(each.model_dump_json(by_alias=True, exclude_none=True) + "\n" for each in invoices))
    return str(path)


def test_invoices_become_one_event(bench: Bench, tmp_path: Path) -> None:
    """A single export needs no name; the period's number is Opter's."""
    file = write(tmp_path / "invoices.ndjson", invoice(), invoice(invoice_number=100354))

    assert bench.run("publish", file, "--period", "881", "--name", "2026-47A") == 0
    [raw] = bench.queue.queue
    event = read_event(raw, limit=len(raw))
    assert (event.data.export, event.data.period.id, event.data.period.name) == ("main", 881, "2026-47A")
    assert [each.invoice_number for each in event.invoices()] == [100353, 100354]
    assert "1 event with 2 invoices put on opter:period-closed." in bench.stdout.getvalue()


def test_the_same_content_is_the_same_event(bench: Bench, tmp_path: Path) -> None:
    """Published twice, an hour apart, from a file and from a folder: one event key."""
    file = write(tmp_path / "invoices.ndjson", invoice())
    bench.run("publish", file, "--period", "881")
    bench.sleep(3600)
    bench.run("publish", str(tmp_path), "--period", "881")

    keys = {read_event(raw, limit=len(raw)).key for raw in bench.queue.queue}

    assert len(bench.queue.queue) == 2
    assert len(keys) == 1


def test_what_of_a_folder_is_not_read_is_named(bench: Bench, tmp_path: Path) -> None:
    """A file in a format that nobody reads must not look published; what is read is not named."""
    write(tmp_path / "invoices.ndjson", invoice())
    for name in ("more.txt", "F100354.pdf", "invoices.CSV.bak"):
        (tmp_path / name).touch()
    (tmp_path / "older").mkdir()

    assert bench.run("publish", str(tmp_path), "--period", "881") == 0
    assert f"Skipped in {tmp_path}: F100354.pdf, invoices.CSV.bak, more.txt, older/. Only" in bench.stderr.getvalue()
    assert "invoices.ndjson" not in bench.stderr.getvalue()


def test_of_many_skipped_files_some_are_named_and_the_rest_counted(bench: Bench, tmp_path: Path) -> None:
    """A printed invoice for each would fill the screen."""
    write(tmp_path / "invoices.ndjson", invoice())
    for number in range(25):
        (tmp_path / f"{number:02}.pdf").touch()

    assert bench.run("publish", str(tmp_path), "--period", "881") == 0
    assert "18.pdf, 19.pdf and 5 more. Only" in bench.stderr.getvalue()


def test_the_ending_of_a_file_is_read_in_any_spelling(bench: Bench, tmp_path: Path) -> None:
    """INVOICE.JSON holds an array as invoice.json does."""
    file = tmp_path / "INVOICE.JSON"
    content = [invoice().model_dump(mode="json", by_alias=True, exclude_none=True)]
    file.write_text(json.dumps(content, indent=1))

    assert bench.run("publish", str(file), "--period", "881") == 0


def test_sums_that_do_not_match_are_not_published(bench: Bench, tmp_path: Path) -> None:
    """1000.00 + 250.00 is not 1250.01: exit code 2, nothing on the queue."""
    wrong = invoice().model_dump(mode="json", by_alias=True, exclude_none=True) | {"gross": "1250.01"}
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong))

    assert bench.run("publish", str(file), "--period", "881") == 2
    assert "1250.01" in bench.stderr.getvalue()
    assert not bench.queue.queue


def test_a_whole_event_is_published_as_it_is(bench: Bench, tmp_path: Path) -> None:
    """Not a byte is changed: the sender's own id stays."""
    file = write(tmp_path / "invoices.ndjson", invoice())
    bench.run("publish", file, "--period", "881")
    event = tmp_path / "event.json"
    event.write_bytes(bench.queue.queue.pop())

    assert bench.run("publish", str(event)) == 0
    assert list(bench.queue.queue) == [event.read_bytes()]


def test_an_event_for_an_unknown_export_is_not_published(bench: Bench, tmp_path: Path) -> None:
    """The intake would refuse it."""
    file = write(tmp_path / "invoices.ndjson", invoice())

    assert bench.run("publish", file, "--period", "881", "--export", "north") == 2
    assert "It has: main." in bench.stderr.getvalue()


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [(("--export", "main"), "Add --period"), (("--period", "881"), "Add --export with one of: main, north.")],
)
def test_what_the_files_do_not_say_is_asked_for(
    bench: Bench, tmp_path: Path, arguments: tuple[str, ...], asked: str
) -> None:
    """The period always, the export when there are several."""
    bench.exports = {"main": export(), "north": export(name="north")}

    assert bench.run("publish", write(tmp_path / "invoices.ndjson", invoice()), *arguments) == 2
    assert asked in bench.stderr.getvalue()


def test_what_was_exported_before_is_exported_again_on_demand(bench: Bench, tmp_path: Path) -> None:
    """100353 is booked: published again it stays, with --again it is looked up and exported anew; 100357 is new."""
    half_done(bench)
    file = write(tmp_path / "invoices.ndjson", invoice(), invoice(invoice_number=100357))
    states = []
    for more in ((), ("--again", "--by", "anna")):
        assert bench.run("publish", file, "--period", "881", *more) == 0
        states.append(bench.memory.states(["main-100353", "main-100357"]))

    assert states == [{"main-100353": State.EXPORTED}, {"main-100353": State.RECEIVED}]
    assert "1 invoice of them exported before" in bench.stdout.getvalue()
    assert len(bench.queue.queue) == 2


def test_invoices_by_reference_are_counted_as_announced(bench: Bench) -> None:
    """The event itself holds none of them, yet it is an event with that many invoices."""
    sample = Path(__file__).parents[3] / "deploy" / "samples" / "period-by-reference.json"
    announced = json.loads(sample.read_bytes())["data"]["invoiceCount"]

    assert bench.run("publish", str(sample)) == 0
    assert f"1 event with {announced} invoice" in bench.stdout.getvalue()
