"""A generated period that was exported to the sandbox, to be tampered with and reconciled."""

import copy
import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from support.certifying import certify
from support.harness import EXPORT, PERIOD, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.certificate import Acceptance, Certificate, Finding
from worker.domain.invoice import Customer, Invoice
from worker.domain.record import InvoiceRecord
from worker.economic.client import EconomicClient
from worker.reconcile.reconciler import Reconciler
from worker.sandbox.resources.journals_api import book
from worker.sandbox.state import Agreement, Call, Json
from worker.sandbox.switches import AgreementSwitches

#: Long enough for the lag that is allowed for.
_LATER = 10_000.0


@dataclass(kw_only=True)
class Reconciled:
    """The period, and its records as they are passed to the certificate: a test may replace some."""

    harness: Harness
    export: ExportConfig
    seed: int
    records: dict[str, InvoiceRecord]
    invoices: dict[str, Invoice]
    #: The agreement as it was when the export had ended.
    kept: Agreement
    before: Certificate | None = None
    accepted: dict[str, Acceptance] = field(default_factory=dict)
    #: Another way to e-conomic than the harness's own.
    client: EconomicClient | None = None

    @property
    def agreement(self) -> Agreement:
        """What e-conomic holds."""
        return self.harness.sandbox.agreement

    def restore(self) -> None:
        """Undo what was done to e-conomic and to the records."""
        kept, agreement = self.kept, self.agreement
        for name in ("booked", "drafts", "vouchers", "attachments", "document_numbers", "documents", "customers"):
            setattr(agreement, name, copy.deepcopy(getattr(kept, name)))
        agreement.booked_entries = [dict(row) for row in kept.booked_entries]
        agreement.born, agreement.counters = dict(kept.born), dict(kept.counters)
        agreement.switches = AgreementSwitches()
        self.harness.sandbox.server_state.faults.clear()
        self.records = {record.id: record for record in self.harness.records()}

    def certificate(self) -> Certificate:
        period = self.harness.store.period(PERIOD)
        assert period is not None
        client = self.client or self.harness.client
        context = replace(self.harness.context, export=self.export, economic=client, metered=client.metered)
        reconciler = Reconciler(context=context, ledger=client.ledger(self.harness.rate_limiter))
        return reconciler.certificate(period, list(self.records.values()), accepted=self.accepted, before=self.before)

    def findings(self) -> dict[str, Finding]:
        return {finding.id: finding for finding in self.certificate().findings}

    def rows(self, invoice_id: str) -> list[Json]:
        """The ledger's rows of one invoice."""
        number = self.invoices[invoice_id].invoice_number
        vouchers = {
            (row["year"], row["voucherNumber"])
            for row in self.agreement.booked_entries
            if row["invoice"] == number and row["entryType"] != "customerPayment"
        }
        return [row for row in self.agreement.booked_entries if (row["year"], row["voucherNumber"]) in vouchers]

    def call(self) -> Call:
        return Call(method="POST", path="/", now=self.harness.sandbox.server_state.clock.moment())


def reconciled(
    seed: int, *, method: str = "invoice", size: int = 4, booked: bool = True, printed: bool = False
) -> Reconciled:
    """Export a period that follows from the seed.

    ``booked``: its vouchers are booked, else left in the journal; ``printed``: booked invoices get their PDFs.
    """
    chance = random.Random(seed)
    export = EXPORT if method == "invoice" else VOUCHER_EXPORT
    harness = Harness(export)
    invoices = [_invoice(chance, 700_001 + n) for n in range(size)]
    if method == "voucher" or printed:
        invoices = [harness.pdf_fixtures.printed(each) for each in invoices]
    harness.close_period(*invoices)
    harness.until_rest()
    records = {record.id: record for record in harness.records()}
    assert all(record.outcome for record in records.values()), [record.failure for record in records.values()]
    made = Reconciled(
        harness=harness,
        export=export,
        seed=seed,
        records=records,
        invoices={f"main-{each.invoice_number}": each for each in invoices},
        kept=harness.sandbox.agreement,
    )
    if method == "voucher" and booked:
        call = replace(made.call(), params={"journalNumber": "1"})
        book(harness.sandbox.agreement, call)
    harness.clock.advance(_LATER)
    if printed:
        certify(harness)
        made.records = {record.id: record for record in harness.records()}
    made.kept = copy.deepcopy(harness.sandbox.agreement)
    return made


def _invoice(chance: random.Random, number: int) -> Invoice:
    lines = [_line(chance) for _ in range(chance.randint(1, 3))]
    if sum(each.net for each in lines) == 0:
        lines.append(line("17.00"))
    day = date(2026, 11, chance.choice((19, 20, 21)))
    foreign = chance.random() < 0.2
    rate = {"exchange_rate": Decimal("743.91")} if foreign and chance.random() < 0.5 else {}
    return invoice(
        *lines,
        invoice_number=number,
        invoice_date=day,
        due_date=day + timedelta(days=30),
        currency="EUR" if foreign else "DKK",
        customer=_customer(chance),
        **rate,
    )


def _line(chance: random.Random) -> Any:
    # Multiples of 4 øre: their VAT is the same whether lines or totals are rounded.
    net = Decimal(4 * chance.randint(-5_000, 100_000)) / 100 or Decimal("1.00")
    account, rate = chance.choice((("3010", "25.00"), ("3020", "25.00"), ("3012", "0.00")))
    return line(f"{net:.2f}", account=account, rate=rate)


def _customer(chance: random.Random) -> Customer:
    if chance.random() < 0.3:
        which = chance.randint(1, 8)
        return customer(code=f"N-{which}", ledger_number=7000 + which, corporate_id=f"8800000{which}")
    which = chance.randint(1, 40)
    return customer(code=f"C-{which}", ledger_number=1000 + which, corporate_id=None)


def names(finding: Finding) -> set[str]:
    """Return the fields that a finding names."""
    return {each.field for each in finding.fields}
