"""What e-conomic will compute, foretold with the same VAT rules that the checks of a period use."""

from collections.abc import Iterable
from decimal import Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, Line
from worker.domain.money import ZERO, to_oere
from worker.domain.reasons import failure
from worker.dry_run.plan import Amounts, PredictedAmounts, VatLine
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.products import group_for
from worker.economic.mapping.vat_zones import predict, zone_for
from worker.economic.mapping.voucher_postings import ledger_account, vat_code
from worker.economic.reasons import EconomicReason
from worker.errors import Failure


def source_amounts(invoice: Invoice) -> Amounts:
    """Return what Opter says."""
    return Amounts(currency=invoice.currency, net=invoice.net, vat=invoice.vat, gross=invoice.gross)


def predict_draft(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> PredictedAmounts:
    """Return what e-conomic will make of the draft.

    Whether it rounds VAT per line or per invoice is not documented; where the two differ, the one that is the source's
    is told, as uncertain. Raises ``InvalidInvoice`` for what a check of the invoice would have found.
    """
    zone = zone_for(invoice.customer, invoice.lines, export.vat)
    lines = tuple(_drafted(line, zone, export, master_data) for line in invoice.lines)
    net = sum((line.net for line in invoice.lines), ZERO)
    rated = [(line.net, one.rate) for line, one in zip(invoice.lines, lines, strict=True)]
    per_line = sum((to_oere(amount * rate / 100) for amount, rate in rated), ZERO)
    per_invoice = to_oere(sum((amount * rate / 100 for amount, rate in rated), ZERO))
    vat = per_line if abs(per_line - invoice.vat) <= abs(per_invoice - invoice.vat) else per_invoice
    amounts = Amounts(currency=invoice.currency, net=net, vat=vat, gross=net + vat)
    return PredictedAmounts(amounts=amounts, vat=lines, certain=per_line == per_invoice)


def predict_voucher(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> PredictedAmounts:
    """Return what e-conomic will make of the voucher, whose amounts were chosen to give the source's.

    Raises ``InvalidInvoice`` for what a check of the invoice would have found.
    """
    lines = (_posted(line, export, master_data) for line in invoice.lines)
    return PredictedAmounts(amounts=source_amounts(invoice), vat=tuple(lines))


def difference(predicted: PredictedAmounts, source: Amounts, tolerance: Decimal) -> Failure | None:
    """Return what will stop the draft from being booked; None when net, VAT and gross agree within the tolerance."""
    theirs = predicted.amounts
    pairs = {"net": (source.net, theirs.net), "vat": (source.vat, theirs.vat), "gross": (source.gross, theirs.gross)}
    wrong = _beyond(pairs.items(), tolerance)
    if not wrong:
        return None
    text = (
        f"Opter: net {source.net}, VAT {source.vat}, gross {source.gross} {source.currency}. e-conomic will compute "
        f"net {theirs.net}, VAT {theirs.vat}, gross {theirs.gross}: the draft will be discarded."
    )
    return failure(EconomicReason.TOTALS_MISMATCH, text, field=wrong[0], value=str(pairs[wrong[0]][0]))


def _beyond(pairs: Iterable[tuple[str, tuple[Decimal, Decimal]]], tolerance: Decimal) -> list[str]:
    return [name for name, (ours, theirs) in pairs if abs(ours - theirs) > tolerance]


def _drafted(line: Line, zone: int, export: ExportConfig, master_data: MasterData) -> VatLine:
    group = group_for(line.sales_account, export.codes.sales_accounts, master_data.groups)
    found = predict(line, group, zone, master_data)
    return VatLine(line=line.line_number, account=found.account, code=found.code, rate=found.rate)


def _posted(line: Line, export: ExportConfig, master_data: MasterData) -> VatLine:
    code = vat_code(line, export, master_data)
    account = ledger_account(line.sales_account, export, master_data)
    return VatLine(
        line=line.line_number, account=account, code=code.code if code else None, rate=code.rate if code else ZERO
    )
