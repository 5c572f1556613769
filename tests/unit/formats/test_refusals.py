"""Every format's errors name where, invoice, field, value and what to write; beside a refused file in two languages."""

from collections.abc import Callable

import pytest
from support.events import event, raw
from support.formats import UBL_MAPPING, read, to_csv, to_ubl, to_xlsx, to_xml
from support.samples import invoice

from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused
from worker.intake.formats.mapping import Mapping
from worker.intake.sources.refusal_words import words

Change = Callable[[bytes], bytes]


def _net(old: str, new: str) -> Change:
    return lambda content: content.replace(old.encode(), new.encode())


def _refused(content: bytes, name: str) -> tuple[Problem, ...]:
    with pytest.raises(EventRefused) as refused:
        read(content, name, UBL_MAPPING if name == "ubl.xml" else Mapping())
    return tuple(refused.value.problems)


def _wrong_date(content: bytes) -> bytes:
    for old in (b"2026-11-20", b"20-11-2026"):
        content = content.replace(old, b"2026-13-45")
    return content


FILES = {
    "f.json": raw(event()),
    "f.ndjson": raw(event()["data"]["invoices"][0]) + b"\n" + raw(event()["data"]["invoices"][0]),
    "f.xml": to_xml(event()["data"]),
    "ubl.xml": to_ubl(invoice()),
    "f.csv": to_csv([invoice()]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_value_is_named_with_its_place_field_and_remedy(name: str) -> None:
    """File, line or path, field, value, and what to write; the Danish words have invoice or field, and no English."""
    problems = _refused(_wrong_date(FILES[name]), name)
    problem = next(each for each in problems if "ate" in each.field)

    assert problem.description.startswith(f"{name}: ")
    assert "2026-13-45" in problem.description
    assert "such as" in problem.description
    assert any(place in problem.description for place in ("line ", "data.invoices[", "/Invoice"))
    text = words(name, problems)
    assert "blev ikke taget" in text
    assert "was not taken" in text
    assert "fx 2026-11-20" in text or "20-11-2026" in text
    assert "på engelsk" not in text


def test_a_workbook_with_a_wrong_cell_names_its_row() -> None:
    """As Excel counts."""
    source = invoice()
    content = to_xlsx([source.model_copy(update={"currency": "KRONER"})])

    [problem] = _refused(content, "f.xlsx")

    assert problem.description.startswith("f.xlsx: line 2")
    assert "'KRONER'" in problem.description
    assert "tre bogstaver" in words("f.xlsx", [problem])


@pytest.mark.parametrize("name", ["f.json", "f.ndjson", "f.xml", "ubl.xml", "f.csv", "f.xlsx"])
def test_what_is_no_file_of_its_format_is_said_in_both_languages(name: str) -> None:
    """Cut, empty, or another format than its name says."""
    for content in (b"", b"\0\1\2", b"<a", b"{", b"PK\x03\x04"):
        text = words(name, _refused(content, name))
        danish = text.partition("På dansk:")[2]
        assert danish.strip().startswith("- ")


def test_what_has_no_danish_words_is_shown_in_english() -> None:
    """Rather than nothing."""
    problem = _refused(b"<a", "f.xml")[0]
    strange = Problem(reason=problem.reason, description="Something quite new.")

    assert "(på engelsk) Something quite new." in words("f.xml", [strange])
