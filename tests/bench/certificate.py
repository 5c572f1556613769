"""Calls that reading a period back costs, and attaching its PDFs, in one process; master data are known."""

from functools import partial
from typing import Any

from bench.figures import Line, median
from support.harness import EXPORT, PERIOD, Harness
from support.samples import customer, invoice, line

from config.settings_sections import Certificates
from worker.reconcile.attach import Attacher
from worker.reconcile.certify import Certifier
from worker.reconcile.reconciler import Reconciler

#: Invoices of the period: as many as a large haulier's.
INVOICES = 1000
#: Calls for one invoice: of a certificate, of the ledger in it, and of a PDF with its certificate.
MOST_CALLS, MOST_LEDGER, MOST_PDF = 0.01, 1 / 150, 1.02


def measure() -> tuple[dict[str, float], list[Line]]:
    """Return the figures by their keys, and the lines of the table; master data are known, as after an export."""
    harness, log = _exported(), []
    certifier, reconciler = _certifier(harness)
    entries = harness.sandbox.server_state.request_log.entries
    for _ in range(2):
        harness.context.economic.master_data(frozenset({"3010"}))
        before = len(entries)
        certifier.run(PERIOD, reconciler)
        log.append(entries[before:])
        harness.clock.advance(1000.0)
        harness.store.schedule_reconciles("night", since=0.0)
    with_pdf, alone = log
    ledger = [entry for entry in alone if "booked-entries" in entry.path]
    figures = {
        "calls_per_invoice": len(alone) / INVOICES,
        "ledger_calls_per_invoice": len(ledger) / INVOICES,
        "pdf_calls_per_invoice": len(with_pdf) / INVOICES,
    }
    notes = (f"at most {MOST_CALLS}", f"at most {MOST_LEDGER:.4f}", f"with the readings around it; at most {MOST_PDF}")
    names = ("certificate, calls per invoice", "of these to the ledger", "PDF attached, calls per invoice")
    lines = [median(name, [figure], note) for name, figure, note in zip(names, figures.values(), notes, strict=True)]
    return figures, lines


def _exported() -> Harness:
    harness = Harness(EXPORT)
    known = customer(ledger_number=1001, corporate_id=None)
    numbers = range(600_001, 600_001 + INVOICES)
    made = (invoice(line(), invoice_number=number, customer=known) for number in numbers)
    harness.close_period(*map(harness.pdf_fixtures.printed, made))
    harness.until_rest()
    return harness


def _certifier(harness: Harness) -> tuple[Certifier, Reconciler]:
    store: Any = harness.context.store
    reconciler = Reconciler(context=harness.context, ledger=harness.client.ledger(harness.rate_limiter))

    def attacher(of: Reconciler, period: str, claimed: str) -> Attacher:
        return Attacher(
            context=harness.context,
            writer=harness.client,
            store=store,
            path=of.ledger.documents_path,
            period=period,
            claimed=claimed,
        )

    certifier = Certifier(store=store, settings=Certificates(), clock=harness.clock, attacher=partial(attacher))
    return certifier, reconciler
