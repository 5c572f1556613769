"""The plan of one invoice, made by the code that exports it, with the amounts that e-conomic will compute."""

from dataclasses import replace
from decimal import Decimal

from config.exports import ExportConfig
from worker.domain.export_rules import exclusion
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO, to_oere
from worker.domain.reasons import failure
from worker.domain.record import Step
from worker.dry_run.dry_run_creator import DryRunCreator
from worker.dry_run.plan import (
    ASSIGNED_LATER,
    Amounts,
    PlannedAction,
    PlannedInvoice,
    PredictedAmounts,
    Request,
    VatLine,
)
from worker.economic.mapping.documents import compare_totals
from worker.economic.mapping.master_data import MasterData, VoucherFound
from worker.economic.mapping.products import group_for, predict
from worker.economic.mapping.vat_zones import choose_zone
from worker.economic.mapping.voucher_comparison import compare_voucher
from worker.economic.mapping.voucher_postings import ledger_account, vat_code
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, OnHold, Rejected
from worker.workflow import lookup
from worker.workflow.execution import Execution
from worker.workflow.exporter import await_original
from worker.workflow.requests import (
    attachment_request,
    booking_request,
    checked_master_data,
    draft_request,
    fetch_pdf,
    voucher_booking_request,
    voucher_request,
)


def undecided(execution: Execution) -> PlannedInvoice:
    """Return the plan of an invoice of which only the source is known yet."""
    record = execution.record
    return PlannedInvoice(
        id=record.id,
        invoice_number=record.invoice_number,
        content_hash=record.content_hash,
        action=PlannedAction.POST,
        source=source_amounts(execution.invoice),
    )


def failed(plan: PlannedInvoice, *problems: Failure) -> PlannedInvoice:
    """Return the plan of an invoice that would become a dead letter."""
    return replace(plan, action=PlannedAction.FAIL, problems=problems)


def plan_posting(execution: Execution, obtain: DryRunCreator) -> PlannedInvoice:
    """Return the plan of an invoice of which nothing is in e-conomic. Raises ``Retryable`` errors of a read."""
    plan = undecided(execution)
    if exclusion(execution.invoice, execution.context.export):
        return replace(plan, action=PlannedAction.LEAVE_OUT)
    try:
        await_original(execution)
        return (_voucher if execution.context.export.method == "voucher" else _draft)(execution, plan, obtain)
    except OnHold as hold:
        return replace(plan, action=PlannedAction.HOLD, problems=(hold.failure,))
    except Rejected as rejected:
        return failed(plan, rejected.failure)


def plan_adoption(execution: Execution) -> PlannedInvoice | None:
    """Return the plan of an invoice of which e-conomic has something; None: it has nothing after all.

    Raises ``Retryable`` errors of a read.
    """
    plan = replace(undecided(execution), action=PlannedAction.ADOPT)
    try:
        return (_adopt_voucher if execution.context.export.method == "voucher" else _adopt_document)(execution, plan)
    except Rejected as rejected:
        return failed(plan, rejected.failure)


def _draft(execution: Execution, plan: PlannedInvoice, obtain: DryRunCreator) -> PlannedInvoice:
    export = execution.context.export
    request = draft_request(execution, obtain)
    obtain.refresh(execution, request.customer_number)
    predicted = predict_draft(execution.invoice, export, checked_master_data(execution), execution.own_zone)
    draft = Request(step=Step.DRAFT, method="POST", path="/invoices/drafts", body=request.body)
    plan = replace(plan, requests=(draft,), predicted=predicted, remarks=(*request.remarks, *execution.noted))
    mismatch = difference(predicted, source_amounts(execution.invoice), export.booking.tolerance)
    if mismatch:
        return failed(plan, mismatch)
    return replace(plan, requests=(draft, *_booking(execution, ASSIGNED_LATER)))


def _booking(execution: Execution, draft: int) -> tuple[Request, ...]:
    if not execution.context.export.booking.book:
        return ()
    return (Request(step=Step.BOOK, method="POST", path="/invoices/booked", body=booking_request(execution, draft)),)


def _voucher(execution: Execution, plan: PlannedInvoice, obtain: DryRunCreator) -> PlannedInvoice:
    export = execution.context.export
    request = voucher_request(execution, obtain)
    obtain.refresh(execution, request.customer_number)
    voucher = Request(step=Step.VOUCHER, method="POST", path=request.path, body=request.body)
    predicted = predict_voucher(execution.invoice, export, checked_master_data(execution))
    attachment = _attachment(execution, export.journal, str(ASSIGNED_LATER))
    requests = (voucher, *attachment, *_voucher_booking(execution, export.journal, ()))
    return replace(plan, requests=requests, predicted=predicted, remarks=(*request.remarks, *execution.noted))


def _attachment(execution: Execution, journal: int, voucher: str) -> tuple[Request, ...]:
    if execution.pdf is None:
        return ()
    path, digest = attachment_request(journal, voucher, execution.pdf)
    return (Request(step=Step.ATTACH, method="POST", path=path, body=digest),)


def _voucher_booking(execution: Execution, journal: int, entries: tuple[int, ...]) -> tuple[Request, ...]:
    if not execution.context.export.voucher.book:
        return ()
    path, body = voucher_booking_request(journal, entries)
    return (Request(step=Step.BOOK_VOUCHER, method="POST", path=path, body=body),)


def _adopt_document(execution: Execution, plan: PlannedInvoice) -> PlannedInvoice | None:
    document = lookup.find_document(execution)
    if document is None:
        return None
    kind = "booked invoice" if document.booked else "draft"
    plan = replace(plan, found=f"{kind} {document.number}", remarks=tuple(execution.noted))
    if document.booked:
        lookup.check_booked(execution, document)
        return plan
    mismatch = compare_totals(execution.invoice, document, execution.context.export.booking.tolerance)
    return failed(plan, mismatch) if mismatch else replace(plan, requests=_booking(execution, document.number))


def _adopt_voucher(execution: Execution, plan: PlannedInvoice) -> PlannedInvoice | None:
    voucher = lookup.find_voucher(execution)
    if voucher is None:
        return None
    where = f"in journal {voucher.journal}" if voucher.journal else "booked"
    plan = replace(plan, found=f"voucher {voucher.number} of {voucher.year}, {where}", remarks=tuple(execution.noted))
    mismatch = compare_voucher(execution.invoice, voucher)
    return failed(plan, mismatch) if mismatch else replace(plan, requests=_completion(execution, voucher))


def _completion(execution: Execution, voucher: VoucherFound) -> tuple[Request, ...]:
    """Return the requests for what a voucher in a journal still lacks: its PDF, its booking."""
    journal = voucher.journal
    if journal is None:
        return ()
    name = f"{voucher.year}-{voucher.number}"
    if execution.context.economic.attachment(journal, name) is None:
        fetch_pdf(execution)
    return (*_attachment(execution, journal, name), *_voucher_booking(execution, journal, voucher.entries))


def source_amounts(invoice: Invoice) -> Amounts:
    """Return what Opter says."""
    return Amounts(currency=invoice.currency, net=invoice.net, vat=invoice.vat, gross=invoice.gross)


def predict_draft(
    invoice: Invoice, export: ExportConfig, master_data: MasterData, own_zone: int | None = None
) -> PredictedAmounts:
    """Return what e-conomic will compute for the draft, by the VAT rules that the period check uses.

    Whether it rounds VAT per line or per invoice is not documented; where the two differ, the one nearer to the
    source's is predicted, as uncertain. Raises ``InvalidInvoice`` for what a check of the invoice would have found.
    """
    zone = choose_zone(invoice, export, master_data, own_zone).number
    lines = []
    for line in invoice.lines:
        group = group_for(line.sales_account, export.codes.sales_accounts, master_data.groups)
        predicted = predict(line, group, zone, master_data)
        lines.append(
            VatLine(line=line.line_number, account=predicted.account, code=predicted.code, rate=predicted.rate)
        )
    net = sum((line.net for line in invoice.lines), ZERO)
    exact = [line.net * vat.rate / 100 for line, vat in zip(invoice.lines, lines, strict=True)]
    per_line = sum(map(to_oere, exact), ZERO)
    per_invoice = to_oere(sum(exact, ZERO))
    vat = per_line if abs(per_line - invoice.vat) <= abs(per_invoice - invoice.vat) else per_invoice
    amounts = Amounts(currency=invoice.currency, net=net, vat=vat, gross=net + vat)
    return PredictedAmounts(amounts=amounts, vat=tuple(lines), certain=per_line == per_invoice)


def predict_voucher(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> PredictedAmounts:
    """Return what e-conomic will compute for the voucher, whose amounts are chosen to give the source's.

    Raises ``InvalidInvoice`` for what a check of the invoice would have found.
    """
    lines = []
    for line in invoice.lines:
        vat = vat_code(line, export, master_data)
        account = ledger_account(line.sales_account, export, master_data)
        code, rate = (vat.code, vat.rate) if vat else (None, ZERO)
        lines.append(VatLine(line=line.line_number, account=account, code=code, rate=rate))
    return PredictedAmounts(amounts=source_amounts(invoice), vat=tuple(lines))


def difference(predicted: PredictedAmounts, source: Amounts, tolerance: Decimal) -> Failure | None:
    """Return why the draft will not be booked; None when net, VAT and gross agree within the tolerance."""
    theirs = predicted.amounts
    pairs = {"net": (source.net, theirs.net), "vat": (source.vat, theirs.vat), "gross": (source.gross, theirs.gross)}
    field = next((name for name, (opter, economic) in pairs.items() if abs(opter - economic) > tolerance), None)
    if field is None:
        return None
    text = (
        f"Opter: net {source.net}, VAT {source.vat}, gross {source.gross} {source.currency}. e-conomic will compute "
        f"net {theirs.net}, VAT {theirs.vat}, gross {theirs.gross}: the draft will be discarded."
    )
    return failure(EconomicReason.TOTALS_MISMATCH, text, field=field, value=str(pairs[field][0]))
