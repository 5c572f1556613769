"""The sample period from files of each format, through watcher, intake and export: the same end in e-conomic."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.events import reader
from support.harness import EXPORT, PERIOD, Harness

from config.export_schema import Codes
from worker.domain.invoice import Invoice
from worker.intake.reading import read_event
from worker.intake.sources.folder import kept_folders
from worker.intake.sources.folder_watch import FolderWatch
from worker.local.demo.folder import MAPPING, SourceName
from worker.local.demo.sample import event_document, sample
from worker.local.demo.sample_files import source_files, source_mapping
from worker.reconcile.reconciler import Reconciler

CODES = Codes(payment_conditions={"Lb. md. + 30 dage": "Løbende måned 30 dage"})
CONFIG = EXPORT.model_copy(update={"codes": CODES})


def _some() -> list[Invoice]:
    """Of every kind that the period has a few: in kroner, foreign, new customers, credit notes, interest, refusals."""
    invoices = sample().invoices
    kinds = {(each.invoice_type, each.currency, each.customer.ledger_number is None) for each in invoices}
    few = [
        each
        for kind in sorted(kinds, key=str)
        for each in [i for i in invoices if (i.invoice_type, i.currency, i.customer.ledger_number is None) == kind][:4]
    ]
    return sorted([*few, invoices[-1]], key=lambda each: each.invoice_number)


def _taken(source: SourceName, folder: Path) -> list[Invoice]:
    """Return the invoices that the intake reads from the event that the watcher makes of a source's files."""
    now, published = 1000.0, list[bytes]()
    files = source_files(source, json.dumps(event_document(_some())).encode(), _some())
    for name, content in files.items():
        (folder / name).write_bytes(content)
    settings: dict[str, Any] = {"folder": folder, "stable_seconds": 1, "quiet_seconds": 4}
    if mapping := source_mapping(source):
        settings["mapping"] = folder.parent / MAPPING
        settings["mapping"].write_text(mapping, encoding="utf-8")
    export = CONFIG.model_copy(update={"source": CONFIG.source.model_copy(update=settings)})
    watch = FolderWatch(export, publish=published.append, clock=lambda: now)
    watch.turn()
    now += 100
    watch.turn()
    [event] = published
    read = reader(export, folders=kept_folders({"main": export}), limit=1 << 24)
    found = read.read(read_event(event, limit=1 << 24)).invoices
    return [Invoice.model_validate_json(each.content) for each in found]


def _end(invoices: list[Invoice]) -> dict[str, Any]:
    """Return what is in e-conomic in the end, what died of what, and what the certificate says of it."""
    harness = Harness(CONFIG)
    harness.close_period(*invoices)
    harness.until_rest()
    harness.clock.advance(10_000)
    period = harness.store.period(PERIOD)
    assert period is not None
    ledger = harness.client.ledger(harness.rate_limiter)
    certificate = Reconciler(context=harness.context, ledger=ledger).certificate(period, harness.records(), accepted={})
    agreement = harness.sandbox.agreement
    return {
        "booked": agreement.booked,
        "customers": agreement.customers,
        "drafts": agreement.drafts,
        "died": {each.id: each.failure and each.failure.reason for each in harness.records()},
        "certificate": [certificate.currencies, certificate.accounts, certificate.findings],
    }


@pytest.mark.parametrize("source", ["folder", "xml", "peppol", "csv", "xlsx"])
def test_every_source_ends_alike(source: SourceName, tmp_path: Path) -> None:
    """Documents with customer, lines, amounts, dates and references, cards, refusals and certificate: the same."""
    (tmp_path / "files").mkdir()
    theirs = _taken(source, tmp_path / "files")
    expected, found = _end(_some()), _end(theirs)

    assert len(expected["booked"]) > 10
    assert found == expected
