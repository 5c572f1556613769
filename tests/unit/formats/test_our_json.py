"""Our JSON as a file: an event, an invoice, an array or NDJSON, with the place of what is wrong."""

import json
from typing import Any

import pytest
from support.events import event, invoices, raw
from support.formats import read

from worker.intake.event_errors import EventRefused

TWO = invoices(2)
LINES = b"\n".join(raw(each) for each in TWO)


@pytest.mark.parametrize("content", [raw(event(TWO)), raw(TWO), LINES, b"\xef\xbb\xbf" + raw(TWO), LINES + b"\n\n"])
def test_every_shape_is_read(content: bytes) -> None:
    """Both invoices, whatever stands around them."""
    assert [each.invoice_number for each in read(content, "f.json")[0]] == [100001, 100002]


def test_an_event_names_its_period() -> None:
    """And its count and totals, which the invoices must agree with."""
    _, head = read(raw(event(TWO)), "f.json")

    assert head.period
    assert (head.export, head.period.id, head.invoice_count) == ("main", 881, 2)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (LINES.replace(b'"1250.00"', b"1250.0", 1), "line 1.gross"),
        (LINES + b"\n{", "line 3"),
        (LINES + b"\n[1]", "line 3: not an invoice"),
        (raw([*TWO, 7]), "[2]: not an invoice"),
        (raw(event(invoices=..., invoicesRef={"url": "file:///x", "sha256": "0" * 64, "count": 1})), "data.invoices"),
        (raw(event(period={"id": 0})), "period.id"),
        (raw({"specversion": "1.0"}), "data.invoices"),
        (b"[]", "no invoices"),
        (b"{", "Not JSON"),
        (json.dumps([TWO[0] | {"yourReference": "\ud800"}]).encode(), "[0]"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(content: bytes, named: str) -> None:
    """The file's name ahead."""
    with pytest.raises(EventRefused) as refused:
        read(content, "f.json")

    described: list[Any] = [problem.description for problem in refused.value.problems]
    assert all(each.startswith("f.json: ") for each in described)
    assert any(named in each for each in described)
