"""Certificates of a harness made as a worker makes them: PDFs attached and credit notes matched on the way."""

from typing import Any

from support.harness import PERIOD, Harness

from config.settings_sections import Certificates
from worker.reconcile.attach import Attacher
from worker.reconcile.certify import Certifier
from worker.reconcile.match_credits import CreditMatcher
from worker.reconcile.reconciler import Reconciler


def certify(harness: Harness, period: str = PERIOD) -> str:
    """Make the certificate of a period that is due; return what came of it."""
    context, client = harness.context, harness.client
    store: Any = context.store
    reconciler = Reconciler(context=context, ledger=client.ledger(harness.rate_limiter))

    def attacher(_: Reconciler, period: str, claimed: str) -> Attacher:
        path = reconciler.ledger.documents_path
        return Attacher(context=context, writer=client, store=store, path=path, period=period, claimed=claimed)

    def matcher(_: Reconciler, period: str, claimed: str) -> CreditMatcher:
        ledger = reconciler.ledger
        return CreditMatcher(context=context, writer=client, store=store, ledger=ledger, period=period, claimed=claimed)

    certifier = Certifier(store=store, settings=Certificates(), clock=harness.clock, attacher=attacher, matcher=matcher)
    return certifier.run(period, reconciler)
