"""What a voucher posts against the customer's entry: account, VAT code and gross amount, to the øre.

e-conomic computes VAT itself, so the amounts are chosen such that it computes Opter's. In this order:

1. one posting for an account and VAT code, when the VAT contained in the sum is the sum of its lines' VAT;
2. else one posting for each line: VAT that was rounded from the line's net is always computed back (the error of
   the first rounding shrinks by 1 + rate on the way);
3. else (a line adds up orders that were rounded one by one) the nearest amount that contains the VAT, and the
   difference goes to the rounding account without a VAT code, together with Opter's own rounding of the total; or a
   refusal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, Line
from worker.domain.money import OERE, ZERO, to_oere
from worker.domain.reasons import EventReason, invalid
from worker.economic.mapping.master_data import Account, MasterData, VatAccount
from worker.economic.mapping.products import percent
from worker.economic.mapping.reasons import VoucherReason

#: Account types that take entries; the others are headings, totals and sums of them.
_POSTABLE = ("profitAndLoss", "status")
_HUNDRED = Decimal(100)
_HALF = OERE / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """One amount on one account; positive is revenue."""

    account: int
    #: VAT code; None: the amount carries no VAT.
    code: str | None
    #: In the invoice's currency.
    gross: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class _Coding:
    """The postings of one account and VAT code, and what they leave to the rounding account."""

    postings: tuple[Posting, ...]
    #: Amounts by which single postings differ from their lines' gross.
    differences: tuple[Decimal, ...] = ()

    @property
    def rounding(self) -> Decimal:
        return sum(map(abs, self.differences), ZERO)


def postings(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> tuple[Posting, ...]:
    """Return the postings of an invoice, by account and code; they add up to its gross amount.

    Raises ``InvalidInvoice``: a mapping is missing, nothing is to be posted, or a rounding cannot be.
    """
    lines_of: dict[tuple[int, VatAccount | None], list[Line]] = {}
    for line in sorted(invoice.lines, key=lambda line: line.line_number):
        code = vat_code(line, export, master_data)
        lines_of.setdefault((ledger_account(line.sales_account, export, master_data), code), []).append(line)
    codings = [_coding(account, code, lines) for (account, code), lines in lines_of.items()]
    differences = [*(difference for coding in codings for difference in coding.differences), invoice.rounding]
    rounding = _rounding(differences, invoice, export, master_data)
    every = (*(posting for coding in codings for posting in coding.postings), *rounding)
    posted = tuple(posting for posting in every if posting.gross)
    if not posted:
        text = f"Every amount of invoice {invoice.invoice_number} is zero."
        raise invalid(VoucherReason.VOUCHER_EMPTY, text, field="gross", value=invoice.gross)
    total = sum((posting.gross for posting in posted), ZERO)
    if total != invoice.gross:
        text = f"The lines and the rounding add up to {total}, but the invoice's gross amount is {invoice.gross}."
        raise invalid(EventReason.INVALID_SUMS, text, field="gross", value=invoice.gross)
    return posted


def _coding(account: int, code: VatAccount | None, lines: Sequence[Line]) -> _Coding:
    """Post all lines together, or each alone when that leaves less to the rounding account."""
    together, alone = _posted(account, code, [lines]), _posted(account, code, [[line] for line in lines])
    return together if together.rounding <= alone.rounding else alone


def _posted(account: int, code: VatAccount | None, groups: Iterable[Sequence[Line]]) -> _Coding:
    amounts = [(_gross(lines), _amount(lines, code)) for lines in groups]
    name = code.code if code else None
    return _Coding(
        postings=tuple(Posting(account=account, code=name, gross=amount) for _, amount in amounts),
        differences=tuple(gross - amount for gross, amount in amounts),
    )


def _amount(lines: Sequence[Line], code: VatAccount | None) -> Decimal:
    gross, vat, rate = _gross(lines), sum((line.vat for line in lines), ZERO), code.rate if code else ZERO
    amount = gross if contained_vat(gross, rate) == vat else nearest_gross(gross, vat, rate)
    if amount is None:
        text = f"VAT code {lines[0].vat_code or '(none)'} has no VAT, but its lines carry {vat}."
        raise invalid(VoucherReason.VOUCHER_ROUNDING, text, field="lines.vat", value=vat)
    return amount


def _gross(lines: Sequence[Line]) -> Decimal:
    return sum((line.net + line.vat for line in lines), ZERO)


def contained_vat(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the VAT that a gross amount contains; ``rate`` in percent."""
    return to_oere(gross * rate / (_HUNDRED + rate))


def nearest_gross(gross: Decimal, vat: Decimal, rate: Decimal) -> Decimal | None:
    """Return the amount nearest to ``gross`` that contains exactly ``vat``; None when there is none.

    For every rate above zero there is one, because an øre more of gross contains at most an øre more of VAT.
    """
    if rate == ZERO:
        return gross if vat == ZERO else None
    # Multiplied before it is divided: (100 + rate) / rate alone may have no end, and its rounding would cost an øre.
    lowest = ((vat - _HALF) * (_HUNDRED + rate) / rate).quantize(OERE, rounding=ROUND_CEILING)
    highest = ((vat + _HALF) * (_HUNDRED + rate) / rate).quantize(OERE, rounding=ROUND_FLOOR)
    inside = min(max(gross, lowest), highest)
    # Both ends are halves, which are rounded away from zero: one of them may just be outside.
    candidates = (inside, inside - OERE, inside + OERE)
    return next(amount for amount in candidates if contained_vat(amount, rate) == vat)


def _rounding(
    differences: Sequence[Decimal], invoice: Invoice, export: ExportConfig, master_data: MasterData
) -> tuple[Posting, ...]:
    """Post the differences, if the export allows as much; amounts of both signs do not cancel each other out."""
    size = sum(map(abs, differences), ZERO)
    most, account = export.voucher.most_rounding, export.voucher.rounding_account
    if not size:
        return ()
    if account is None or size > most:
        why = "no rounding account is named" if account is None else f"voucher.most_rounding is {most}"
        text = f"{size} {invoice.currency} would have to go to a rounding account, but {why}."
        raise invalid(VoucherReason.VOUCHER_ROUNDING, text, field="rounding", value=size)
    usable_account(account, master_data, field="voucher.rounding_account")
    return (Posting(account=account, code=None, gross=sum(differences, ZERO)),)


def vat_code(line: Line, export: ExportConfig, master_data: MasterData) -> VatAccount | None:
    """Return the VAT code to post a line with; None: without one. Raises ``InvalidInvoice``.

    A line without VAT and without Opter code needs no pairing; every other code does, if only with an empty text.
    """
    ours = line.vat_code or "(none)"
    paired = export.codes.tax_rates.get(line.vat_code)
    if paired is None and (line.vat_code or line.vat_rate != ZERO):
        text = f"Opter's VAT code {ours} is not paired with one of e-conomic's."
        raise invalid(VoucherReason.VAT_CODE_UNPAIRED, text, field="lines.vatCode", value=ours)
    code = _sales_vat_account(paired, master_data) if paired else None
    rate = code.rate if code else ZERO
    if rate != line.vat_rate:
        theirs = f"e-conomic's {code.code} with {percent(rate)}" if code else "no VAT code of e-conomic"
        text = f"Opter's VAT code {ours} stands for {percent(line.vat_rate)}; it goes to {theirs}."
        value = f"{ours} = {code.code if code else 'none'}"
        raise invalid(VoucherReason.VAT_RATE_DIFFERS, text, field="lines.vatRate", value=value)
    return code


def _sales_vat_account(code: str, master_data: MasterData) -> VatAccount:
    account = next((account for account in master_data.vat_accounts if account.code == code), None)
    if account is None:
        wrong = "does not exist"
    elif account.purchase:
        wrong = "is for purchases, not for sales,"
    elif account.barred:
        wrong = "is barred"
    else:
        return account
    text = f"VAT code {code} {wrong} in e-conomic."
    raise invalid(VoucherReason.VAT_CODE_UNUSABLE, text, field="lines.vatCode", value=code)


def ledger_account(sales_account: str, export: ExportConfig, master_data: MasterData) -> int:
    """Return the account that revenue goes to: as mapped, else the one numbered like Opter's sales account.

    Raises ``InvalidInvoice``; accounts are not matched by name, as names change.
    """
    number = export.codes.ledger_accounts.get(sales_account)
    if number is None and not (sales_account.isascii() and sales_account.isdigit()):
        text = f"Opter's sales account {sales_account!r} is a name, and is not mapped to an account number."
        raise invalid(VoucherReason.LEDGER_ACCOUNT_MISSING, text, field="lines.salesAccount", value=sales_account)
    wanted = int(sales_account) if number is None else number
    return usable_account(wanted, master_data, field="lines.salesAccount").number


def named_accounts(export: ExportConfig, master_data: MasterData) -> None:
    """Check the clearing and rounding account, where the exports file names them. Raises ``InvalidInvoice``."""
    for field in ("clearing_account", "rounding_account"):
        number = getattr(export.voucher, field)
        if number is not None:
            usable_account(number, master_data, field=f"voucher.{field}")


def usable_account(number: int, master_data: MasterData, *, field: str) -> Account:
    """Return an account that entries can be made on. Raises ``InvalidInvoice``."""
    account = next((account for account in master_data.accounts if account.number == number), None)
    if account is None:
        text = f"Account {number} does not exist in e-conomic."
        raise invalid(VoucherReason.LEDGER_ACCOUNT_MISSING, text, field=field, value=number)
    if account.kind not in _POSTABLE:
        wrong = f"is of type {account.kind}, which takes no entries,"
    elif account.barred:
        wrong = "is barred"
    elif account.blocked:
        wrong = "is blocked for direct entries"
    else:
        return account
    text = f"Account {number} {account.name} {wrong} in e-conomic."
    raise invalid(VoucherReason.LEDGER_ACCOUNT_UNUSABLE, text, field=field, value=number)
