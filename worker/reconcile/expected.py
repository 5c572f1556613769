"""What has to stand in e-conomic for one invoice, from its record, its content and the agreement's set-up. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from config.exports import ExportConfig
from worker.domain.attachment import AttachmentState
from worker.domain.certificate import Amounts
from worker.domain.credit_match import MatchState
from worker.domain.invoice import Customer, Invoice
from worker.domain.money import ZERO
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.economic.mapping.dates import due_date as computed_due_date
from worker.economic.mapping.dates import resolve_terms
from worker.economic.mapping.ledger import Accounts, summed
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.products import group_for, predict
from worker.economic.mapping.vat_zones import zone_for
from worker.economic.mapping.voucher_postings import contained_vat, postings
from worker.errors import InvalidInvoice

#: What an exported invoice is in e-conomic, whatever the method is by now; else as the method says.
_KINDS: Mapping[Outcome, str] = {Outcome.BOOKED: "invoice", Outcome.DRAFTED: "draft", Outcome.VOUCHER: "voucher"}
#: How an invoice ended that was not posted on purpose.
_LEFT_OUT = (Outcome.EXCLUDED, Outcome.NOTHING_TO_BOOK, Outcome.DISCARDED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """One invoice as it has to stand."""

    id: str
    invoice_number: int
    #: The number that it carries in e-conomic; None: e-conomic numbers, and it is not known.
    number: int | None
    #: ``invoice``, ``voucher`` or ``draft``.
    kind: str
    #: Exported, so that it must stand.
    stands: bool
    #: On its way: something of it may stand already.
    moving: bool
    #: Left out on purpose, rather than failed or on its way.
    left_out: bool
    #: A person said that it was entered by hand: it carries no reference of ours.
    by_hand: bool
    #: Exported so lately that what e-conomic shows may lag behind.
    fresh: bool
    customer: Customer
    #: The customer's number that it was posted with; None: not known.
    customer_number: int | None
    date: str
    #: Due dates that are right: Opter's, and the one that e-conomic computes from the terms.
    due_dates: tuple[str, ...]
    currency: str
    amounts: Amounts
    #: None: not to be compared, as today's set-up gives none.
    accounts: Accounts | None
    #: Recorded voucher, for example ``2026-10001``.
    voucher: str | None
    #: Whether a document must be attached.
    document: bool
    #: It is a credit note that was matched with its invoice, so that nothing of it is open.
    matched: bool = False
    #: Documents that an earlier certificate saw attached; empty: none did.
    documents: tuple[int, ...] = ()


def expected(  # noqa: PLR0913  # the record, its content, and everything that they are judged by
    record: InvoiceRecord,
    invoice: Invoice,
    export: ExportConfig,
    master_data: MasterData,
    *,
    now: float,
    documents: Mapping[str, tuple[int, ...]],
) -> Expected:
    """Return what has to stand; ``documents`` are those of an earlier certificate, by invoice id."""
    own, progress = export.for_type(record.invoice_type), record.progress
    done = record.state is State.EXPORTED
    left_out = done and record.outcome in _LEFT_OUT
    by_hand = done and record.outcome is Outcome.BY_HAND
    kind = _KINDS.get(record.outcome or Outcome.BY_HAND, own.method)
    same_method = (kind == "voucher") == (own.method == "voucher")
    accounts = own.reconcile.accounts and same_method and not by_hand
    return Expected(
        id=record.id,
        invoice_number=record.invoice_number,
        number=_number(record, own),
        kind=kind,
        stands=done and not left_out,
        moving=record.state not in (State.EXPORTED, State.DEAD),
        left_out=left_out,
        by_hand=by_hand,
        fresh=now - record.updated_at < own.reconcile.lag_seconds,
        customer=invoice.customer,
        customer_number=None if by_hand else progress.customer_number,
        date=invoice.invoice_date.isoformat(),
        due_dates=_due_dates(invoice, own, master_data, kind),
        currency=invoice.currency,
        amounts=Amounts(invoices=1, net=invoice.net, vat=invoice.vat, gross=invoice.gross),
        accounts=expected_accounts(invoice, own, master_data) if accounts else None,
        voucher=progress.voucher,
        matched=record.credit is not None and record.credit.state is MatchState.MATCHED,
        document=_has_document(record, invoice, own) and not by_hand,
        documents=documents.get(record.id, ()) or _attached_by_us(record),
    )


def _has_document(record: InvoiceRecord, invoice: Invoice, export: ExportConfig) -> bool:
    """Whether a PDF must be attached; one that was refused may be a remark by the export's own policy."""
    refused = record.pdf is not None and record.pdf.state is AttachmentState.REFUSED
    if refused and export.booking.missing_pdf == "remark":
        return False
    booked = record.outcome is Outcome.BOOKED and export.booking.attach_pdf and invoice.pdf is not None
    return record.progress.attached or (export.method == "invoice" and booked)


def _attached_by_us(record: InvoiceRecord) -> tuple[int, ...]:
    document = record.pdf.document if record.pdf and record.pdf.state is AttachmentState.ATTACHED else None
    return () if document is None else (document,)


def _number(record: InvoiceRecord, export: ExportConfig) -> int | None:
    if record.outcome in (Outcome.BY_HAND, Outcome.VOUCHER):
        return record.invoice_number
    if record.outcome is Outcome.DRAFTED:
        return None
    opters = export.method == "voucher" or export.booking.numbers == "opter"
    return record.progress.booked_number or (record.invoice_number if opters else None)


def _due_dates(invoice: Invoice, export: ExportConfig, master_data: MasterData, kind: str) -> tuple[str, ...]:
    """e-conomic computes the due date of an invoice from its terms; the export has remarked where that differs."""
    dates = [max(invoice.due_date, invoice.invoice_date) if kind == "voucher" else invoice.due_date]
    if kind != "voucher":
        try:
            resolved = resolve_terms(invoice, master_data.payment_terms, export)
        except InvalidInvoice:
            return ()
        computed = resolved.due_date or computed_due_date(resolved.terms, invoice.invoice_date)
        if computed is None:
            return ()  # of a kind whose date e-conomic decides
        dates.append(computed)
    return tuple(dict.fromkeys(day.isoformat() for day in dates))


def expected_accounts(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> Accounts | None:
    """Return the net amounts by account and VAT code that the set-up gives; None when it gives none any more."""
    try:
        if export.method == "voucher":
            rates = {account.code: account.rate for account in master_data.vat_accounts}
            posted = postings(invoice, export, master_data)
            return summed(
                (
                    posting.account,
                    posting.code or "",
                    posting.gross - contained_vat(posting.gross, rates.get(posting.code or "", ZERO)),
                )
                for posting in posted
            )
        zone = zone_for(invoice.customer, invoice.lines, export.vat)
        return summed(_predicted(invoice, export, master_data, zone))
    except InvalidInvoice:
        return None


def _predicted(
    invoice: Invoice, export: ExportConfig, master_data: MasterData, zone: int
) -> Iterator[tuple[int, str, Decimal]]:
    for line in invoice.lines:
        group = group_for(line.sales_account, export.codes.sales_accounts, master_data.groups)
        prediction = predict(line, group, zone, master_data)
        yield prediction.account, prediction.code or "", line.net
