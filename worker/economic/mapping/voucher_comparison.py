"""A voucher that stands in e-conomic, held against the invoice that its mark names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.domain.reasons import failure
from worker.economic.mapping.master_data import MasterData, VoucherFound
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.mapping.voucher_postings import contained_vat, postings
from worker.errors import Failure, InvalidInvoice


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a voucher of the invoice holds besides what its customer owes."""

    #: e-conomic's number of the customer; None: not known.
    customer: int | None = None
    #: Amount by VAT code, with its VAT (as it stands in a journal) and without (as it is booked); empty: not known.
    gross_by_code: Mapping[str, Decimal] = field(default_factory=dict)
    net_by_code: Mapping[str, Decimal] = field(default_factory=dict)


def expected_voucher(invoice: Invoice, export: ExportConfig, master_data: MasterData, customer: int | None) -> Expected:
    """Return what is expected; without amounts by VAT code when the set-up does not allow a posting any more."""
    try:
        posted = postings(invoice, export, master_data)
    except InvalidInvoice:
        return Expected(customer=customer)
    rates = {account.code: account.rate for account in master_data.vat_accounts}
    gross: dict[str, Decimal] = {}
    net: dict[str, Decimal] = {}
    for posting in posted:
        if posting.code:
            vat = contained_vat(posting.gross, rates.get(posting.code, ZERO))
            gross[posting.code] = gross.get(posting.code, ZERO) + posting.gross
            net[posting.code] = net.get(posting.code, ZERO) + posting.gross - vat
    return Expected(customer=customer, gross_by_code=_without_zeros(gross), net_by_code=_without_zeros(net))


def compare_voucher(invoice: Invoice, voucher: VoucherFound, expected: Expected | None = None) -> Failure | None:
    """Return None when the voucher is the invoice's: currency, gross, customer, net and VAT, to the øre.

    What e-conomic does not show of a voucher is not compared.
    """
    expected = expected or Expected()
    where = "is booked" if voucher.booked else f"stands in journal {voucher.journal}"
    start = f"Voucher {voucher.number} of {voucher.year} {where} with"
    if voucher.currency and voucher.currency != invoice.currency:
        text = f"{start} amounts in {voucher.currency}; Opter's invoice is in {invoice.currency}."
        return failure(VoucherReason.VOUCHER_DIFFERS, text, field="currency", value=invoice.currency)
    if voucher.gross != invoice.gross:
        text = f"{start} {voucher.gross} on the customer; Opter's gross amount is {invoice.gross} {invoice.currency}."
        return failure(VoucherReason.VOUCHER_DIFFERS, text, field="gross", value=str(invoice.gross))
    if expected.customer and voucher.customers and voucher.customers != {expected.customer}:
        theirs = ", ".join(map(str, sorted(voucher.customers)))
        text = f"{start} customer {theirs}; the invoice's customer is {expected.customer} in e-conomic."
        return failure(VoucherReason.VOUCHER_DIFFERS, text, field="customer", value=str(expected.customer))
    return _compare_vat(invoice, voucher, expected, start)


def _compare_vat(invoice: Invoice, voucher: VoucherFound, expected: Expected, start: str) -> Failure | None:
    """A booked entry shows its net amount, with the VAT code where e-conomic tells it."""
    ours = expected.net_by_code if voucher.booked else expected.gross_by_code
    theirs = _without_zeros(dict(voucher.by_vat_code))
    if not theirs or not ours or theirs == ours:
        return None
    text = f"{start} {_listed(theirs)} by VAT code; Opter's invoice gives {_listed(ours)}."
    return failure(VoucherReason.VOUCHER_DIFFERS, text, field="vat", value=str(invoice.vat))


def _without_zeros(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {code: amount for code, amount in amounts.items() if amount}


def _listed(amounts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{amount} {code}" for code, amount in sorted(amounts.items()))
