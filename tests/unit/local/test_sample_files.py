"""The sample period's files: whatever the format, the same invoices come out, and so the same end in e-conomic."""

import io

import pytest
from support.formats import ubl_keeps

from worker.domain.invoice import Invoice, InvoiceType
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.mapping import read_mapping
from worker.local.demo.folder import UNNAMED, SourceName
from worker.local.demo.sample import PERIOD, sample
from worker.local.demo.sample_files import source_files, source_mapping


def _read(source: SourceName) -> tuple[list[Invoice], FileHead]:
    period = sample()
    how, head = HowToRead(mapping=read_mapping(source_mapping(source), "mapping.toml")), FileHead()
    files = source_files(source, period.event(), period.invoices)
    return [invoice for name, raw in files.items() for invoice, _ in read_file(io.BytesIO(raw), name, how, head)], head


def _contents(invoices: list[Invoice]) -> list[str]:
    return [invoice.content().text for invoice in invoices]


@pytest.mark.parametrize("source", ["folder", "json", "xml", "csv", "xlsx"])
def test_every_invoice_is_the_one_of_the_event(source: SourceName) -> None:
    """Field by field: what is exported cannot differ by how it came."""
    found, head = _read(source)

    assert _contents(found) == _contents(list(sample().invoices))
    assert (head.period is None) == (source in UNNAMED)
    if head.period:
        assert head.period.id == PERIOD["id"]


def test_peppol_carries_all_but_what_ubl_has_no_element_for() -> None:
    """Interest invoices are invoices there, and the days count from the invoice date; all else is the event's."""
    found, _ = _read("peppol")
    kept = [ubl_keeps(invoice) for invoice in sample().invoices]
    expected = [
        each.model_copy(update={"invoice_type": InvoiceType.INVOICE})
        if each.invoice_type is InvoiceType.INTEREST
        else each
        for each in kept
    ]

    assert _contents(found) == _contents(expected)
