"""The certificate of a period: records in, what e-conomic holds beside them, a document out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version

from worker.domain.attachment import AttachmentState
from worker.domain.certificate import (
    Acceptance,
    AccountTotals,
    Certificate,
    Finding,
    Reading,
    Verdict,
    currency_totals,
)
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import PeriodRecord
from worker.domain.money import ZERO
from worker.domain.record import InvoiceRecord
from worker.economic.ledger import LedgerReader
from worker.economic.mapping.ledger import Standing
from worker.economic.mapping.period_check import grouped_accounts
from worker.reconcile.attach import ToAttach
from worker.reconcile.compare import Terms, compare
from worker.reconcile.expected import Expected, expected
from worker.reconcile.reading import Found, PeriodReading
from worker.workflow.context import ExportContext
from worker.workflow.preflight import read_invoices


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodRead:
    """What one reading of a period came to."""

    records: Mapping[str, InvoiceRecord]
    invoices: Mapping[str, Invoice]
    wanted: Sequence[Expected]
    found: Found
    agreement: int
    #: When it began; seconds since the epoch, UTC.
    at: float
    calls: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciler:
    """Reads the invoices of one export back."""

    context: ExportContext
    ledger: LedgerReader

    def read(self, records: Sequence[InvoiceRecord], *, before: Certificate | None = None) -> PeriodRead:
        """Read back what stands of these invoices; ``before`` tells the documents that were attached then.

        Raises ``Misconfigured``, ``Refused`` and what reading master data raises; where a later read has no answer, its
        invoices are not read.
        """
        context, began = self.context, self.context.clock()
        export = context.export
        with context.metered() as usage:
            invoices, _ = read_invoices(records)
            master_data = context.economic.master_data(grouped_accounts(invoices.values(), export))
            documents = _documents(before)
            wanted = [
                expected(record, invoices[record.id], export, master_data, now=began, documents=documents)
                for record in records
                if record.id in invoices
            ]
            reading = PeriodReading(
                export, wanted, economic=context.economic, ledger=self.ledger, master_data=master_data
            )
            found = reading.read()
        return PeriodRead(
            records={record.id: record for record in records},
            invoices=invoices,
            wanted=wanted,
            found=found,
            agreement=master_data.agreement,
            at=began,
            calls=usage.calls,
        )

    def certificate(
        self,
        period: PeriodRecord,
        records: Sequence[InvoiceRecord],
        *,
        accepted: Mapping[str, Acceptance],
        before: Certificate | None = None,
    ) -> Certificate:
        """Read a period back and return its certificate. Raises what ``read`` raises."""
        return self.certify(period, self.read(records, before=before), accepted=accepted)

    def certify(self, period: PeriodRecord, read: PeriodRead, *, accepted: Mapping[str, Acceptance]) -> Certificate:
        """Return the certificate of what was read; ``accepted``: differences that persons accepted, by invoice id."""
        export, found, wanted = self.context.export, read.found, read.wanted
        terms = Terms(
            cards=found.cards,
            tolerance=export.booking.tolerance if export.method == "invoice" else ZERO,
            codes_told=found.codes_told,
        )
        findings = [
            _accepted(compare(each, found.standing.get(each.id, ()), terms, unread=each.id in found.unread), accepted)
            for each in wanted
        ]
        return Certificate(
            period=period.id,
            name=period.name,
            export=export.name,
            at=datetime.fromtimestamp(read.at, UTC).isoformat(timespec="seconds"),
            version=version("opter-economic"),
            reading=Reading(
                agreement=read.agreement,
                method=export.method,
                calls=read.calls,
                sources=("/invoices/booked", *self.ledger.sources),
                left_out=tuple(found.left_out),
            ),
            currencies=currency_totals(findings),
            accounts=account_totals(wanted, found, findings),
            findings=tuple(findings),
        )

    def to_attach(self, read: PeriodRead) -> list[ToAttach]:
        """Return the invoices whose PDF belongs on what stands, where the record does not say that it is there."""
        found = ((each, self._found(read, each)) for each in read.wanted if each.document)
        return [
            ToAttach(
                record=read.records[each.id],
                pdf=pdf,
                year=standing.year,
                voucher=standing.voucher,
                documents=standing.documents,
            )
            for each, standing in found
            if standing and standing.voucher is not None and (pdf := read.invoices[each.id].pdf)
        ]

    def _found(self, read: PeriodRead, each: Expected) -> Standing | None:
        """Return where the PDF of an invoice goes; None where it is there, was deleted by a person, or has no place."""
        known, standings = read.records[each.id].pdf, read.found.standing.get(each.id, ())
        settled = known is not None and known.state is not AttachmentState.INTENDED
        if settled or each.id in read.found.unread or len(standings) != 1:
            return None
        there = bool(standings[0].documents)
        deleted = bool(each.documents) and not there
        return None if deleted or (there and each.kind == "voucher") else standings[0]


def _documents(before: Certificate | None) -> Mapping[str, tuple[int, ...]]:
    """Return the documents of each invoice as the last certificate saw them, where it found nothing wrong."""
    if before is None:
        return {}
    return {each.id: each.documents for each in before.findings if each.documents and not each.is_difference}


def _accepted(finding: Finding, accepted: Mapping[str, Acceptance]) -> Finding:
    acceptance = accepted.get(finding.id)
    holds = acceptance is not None and finding.is_difference and acceptance.digest == finding.digest()
    return finding.model_copy(update={"accepted": acceptance}) if holds else finding


def account_totals(wanted: Sequence[Expected], found: Found, findings: Sequence[Finding]) -> tuple[AccountTotals, ...]:
    """Add net amounts up by account and VAT code, Opter's as the set-up of today places them."""
    sums: dict[tuple[int, str, str], list[Decimal]] = {}
    for each, finding in zip(wanted, findings, strict=True):
        if finding.verdict is Verdict.UNREAD or (each.accounts is None and each.stands):
            continue
        standings: Sequence[Standing] = found.standing.get(each.id, ())
        sides = [each.accounts or {} if each.stands else {}, *(standing.accounts or {} for standing in standings)]
        for at, accounts in enumerate(sides):
            for (account, code), amount in accounts.items():
                place = (account, code if found.codes_told else "", each.currency)
                both = sums.setdefault(place, [ZERO, ZERO])
                both[min(at, 1)] += amount
    return tuple(
        AccountTotals(
            account=account,
            vat_code=code,
            currency=currency,
            opter=opter,
            books=economic,
            difference=opter - economic,
        )
        for (account, code, currency), (opter, economic) in sorted(sums.items())
    )
