import json
from pathlib import Path

import pytest
from support.events import event, raw, reader, wire
from support.samples import export, invoice, line

from worker.intake.event import Period
from worker.intake.event_errors import EventRefused
from worker.intake.event_files import compose, is_event, load_invoices
from worker.intake.reading import read_event

PERIOD = Period(id=881, name="2026-47A", closed_at="2026-11-20T15:04:05Z")
INVOICES = (invoice(invoice_number=2), invoice(line("10.00"), invoice_number=1, currency="EUR"))


def _composed(*, now: float = 0.0, period: Period = PERIOD, changes: int = 0) -> bytes:
    chosen = INVOICES[changes:]
    return compose(chosen, export="main", period=period, source="/cli", now=now)


def test_a_composed_event_passes_every_check() -> None:
    """Count and control totals per currency follow from the invoices."""
    event = read_event(_composed(), limit=100_000)

    read = reader(export()).read(event)

    assert [invoice.invoice_number for invoice in read.invoices] == [1, 2]
    assert [(total.currency, str(total.gross)) for total in read.period.control_totals] == [
        ("DKK", "1250.00"),
        ("EUR", "12.50"),
    ]


def test_publishing_twice_is_one_event() -> None:
    """The id follows from what is exported, not from when."""
    first, second = (read_event(_composed(now=now), limit=100_000) for now in (0.0, 86_400.0))

    assert first.key == second.key
    assert (first.head.time, second.head.time) == ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z")


def test_other_content_is_another_event() -> None:
    """A different period or set of invoices is exported again."""
    other = PERIOD.model_copy(update={"id": 882})
    keys = {
        read_event(each, limit=100_000).key for each in (_composed(), _composed(period=other), _composed(changes=1))
    }

    assert len(keys) == 3


@pytest.mark.parametrize("name", ["one.json", "all.json", "all.ndjson"])
def test_invoices_are_read_from_one_file(name: str, tmp_path: Path) -> None:
    """One invoice, an array of them, or one a line."""
    items = [wire(invoice) for invoice in INVOICES]
    contents = {
        "one.json": json.dumps(items[0], indent=2),
        "all.json": json.dumps(items),
        "all.ndjson": "\n".join(map(json.dumps, items)),
    }
    (tmp_path / name).write_text(contents[name], encoding="utf-8-sig")

    assert load_invoices(tmp_path / name) == (INVOICES[:1] if name == "one.json" else INVOICES)


def test_invoices_are_read_from_a_folder(tmp_path: Path) -> None:
    """All JSON files of the folder, in the order of their names; others are left alone."""
    for name, source in zip(("b.json", "a.ndjson"), INVOICES, strict=True):
        (tmp_path / name).write_text(json.dumps(wire(source)))
    (tmp_path / "readme.txt").write_text("no invoice")

    assert load_invoices(tmp_path) == INVOICES[::-1]


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    """With the file's name and the place inside it."""
    (tmp_path / "a.json").write_text("[{}")
    (tmp_path / "b.json").write_text(json.dumps([wire(INVOICES[0]), wire(INVOICES[1]) | {"net": 1}]))
    (tmp_path / "c.ndjson").write_text("\n7\n")

    with pytest.raises(EventRefused) as caught:
        load_invoices(tmp_path)

    described = [problem.description.split(":")[:2] for problem in caught.value.problems]
    assert described == [["a.json", " Not JSON"], ["b.json", " [1].net"], ["c.ndjson", " line 2"]]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """Nothing to publish is said, not done silently."""
    with pytest.raises(EventRefused):
        load_invoices(tmp_path)


def test_a_whole_event_is_told_from_invoices() -> None:
    """A file that is an event already is published as it is."""
    events = [is_event(content) for content in (raw(event()), raw(wire(INVOICES[0])), b"{", b"[]")]

    assert events == [True, False, False, False]
