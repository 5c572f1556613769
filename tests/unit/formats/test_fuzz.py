"""Broken files of every format: read, or refused with a reason; never a crash."""

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from support.events import event, invoices, raw
from support.formats import UBL_MAPPING, read, to_csv, to_ubl, to_xlsx, to_xml
from support.fuzzing import broken_bytes, fuzzed
from support.samples import invoice, line

from worker.domain.invoice import Invoice
from worker.domain.sums import check_sums
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.stylesheet import Stylesheet
from worker.intake.learning.learn import how_proposed, learn

SOURCE = invoice(line(), line("-3.00", rate="0", account="3012"))
SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"
STYLESHEET, SOURCE_XML = (SAMPLES / "any-xml.xslt").read_bytes(), (SAMPLES / "any-xml.xml").read_bytes()
OIOUBL = (
    to_ubl(SOURCE)
    .replace(b"<cbc:ID>S</cbc:ID>", b"<cbc:ID>StandardRated</cbc:ID>")
    .replace(b"<cbc:ID>Z</cbc:ID>", b"<cbc:ID>ZeroRated</cbc:ID>")
    .replace(b"<cbc:CustomizationID>", b"<cbc:CustomizationID>OIOUBL-2.1 ")
)
CREDIT = invoice(line("-3.00", rate="0", account="3012"), invoice_type="correction", credits_invoice_number=7)
FILES = {
    "f.json": raw(event()),
    "f.ndjson": b"\n".join(map(raw, invoices(2))),
    "f.xml": to_xml(event()["data"]),
    "f-ubl.xml": to_ubl(SOURCE),
    "f-ubl-credit.xml": to_ubl(CREDIT),
    "f-oioubl.xml": OIOUBL,
    "f.csv": to_csv([SOURCE, invoice(invoice_number=2)]),
    "f.xlsx": to_xlsx([SOURCE]),
}


@pytest.mark.parametrize("name", FILES)
def test_unbroken_each_is_read(name: str) -> None:
    """What is broken below is a whole file to begin with."""
    assert read(FILES[name], name, UBL_MAPPING)[0]


@pytest.mark.parametrize("name", FILES)
@fuzzed(40)
@given(mutate=broken_bytes())
def test_of_a_broken_file_something_is_learnt_or_it_is_refused(name: str, mutate: Any) -> None:
    """What is proposed can be read again as a mapping or stylesheet, whatever the file holds."""
    with suppress(EventRefused):
        learnt = learn([(name, mutate(FILES[name]))], None)
        assert how_proposed(learnt.proposal)


@pytest.mark.parametrize("name", FILES)
@fuzzed(60)
@given(mutate=broken_bytes())
def test_a_broken_file_is_read_or_refused(name: str, mutate: Any) -> None:
    """What is read adds up; what is refused says why, with the file's name."""
    found: list[Invoice] = []
    reasons: list[str] = []
    try:
        found, _ = read(mutate(FILES[name]), name, UBL_MAPPING)
    except EventRefused as refused:
        reasons = [problem.description for problem in refused.problems]

    assert bool(found) != bool(reasons)
    assert all(reason.startswith((f"{name}: ", "And ")) for reason in reasons)
    assert not [problem for each in found for problem in check_sums(each)]


@fuzzed(60)
@given(mutate=broken_bytes())
def test_a_broken_stylesheet_reads_the_example_or_is_refused(mutate: Any) -> None:
    """It is XSLT of a stranger: it ends, reaches nothing, and what it makes passes the same checks."""
    found: list[Invoice] = []
    with suppress(EventRefused):
        how = HowToRead(stylesheet=Stylesheet(mutate(STYLESHEET)))
        found += (invoice for invoice, _ in read_file(io.BytesIO(SOURCE_XML), "any.xml", how, FileHead()))

    assert not [problem for each in found for problem in check_sums(each)]


@fuzzed(60)
@given(mutate=broken_bytes())
def test_a_broken_file_is_read_by_a_stylesheet_or_refused(mutate: Any) -> None:
    """The sender's XML is as broken as any."""
    found: list[Invoice] = []
    with suppress(EventRefused):
        how = HowToRead(stylesheet=Stylesheet(STYLESHEET))
        file = io.BytesIO(mutate(SOURCE_XML))
        found += (invoice for invoice, _ in read_file(file, "any.xml", how, FileHead()))

    assert not [problem for each in found for problem in check_sums(each)]
