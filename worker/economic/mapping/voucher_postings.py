"""What a voucher posts beside the customer's post: gross amounts by account and VAT code, to the øre.

e-conomic computes VAT itself, so the amounts are chosen such that it computes the source's. In this order:

1. one posting for an account and VAT code, when the VAT lifted out of the sum is the sum of its lines' VAT;
2. else one posting for each line: VAT that was rounded from the line's net is always lifted out again (the error of
   the first rounding shrinks by 1 + rate on the way back);
3. else (a line adds up orders that were rounded one by one) the nearest amount that gives the VAT, and what is left
   goes to the rounding account without a VAT code, together with Opter's own rounding of the total; or a refusal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, Line
from worker.domain.money import OERE, ZERO, to_oere
from worker.domain.reasons import EventReason, ReasonCode, failure
from worker.economic.mapping.master_data import Account, MasterData, VatAccount
from worker.economic.mapping.reasons import VoucherReason
from worker.errors import InvalidInvoice

_HUNDRED = Decimal(100)
_HALF = OERE / 2
#: Accounts that entries can be made on; the others are headings, totals and sums of them.
_POSTABLE = ("profitAndLoss", "status")


def lifted(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the VAT inside a gross amount; ``rate`` in percent."""
    return to_oere(gross * rate / (_HUNDRED + rate))


def nearest_gross(gross: Decimal, vat: Decimal, rate: Decimal) -> Decimal | None:
    """Return the amount nearest to ``gross`` out of which exactly ``vat`` is lifted; None when there is none.

    For every rate above zero there is one, because an øre more of gross lifts at most an øre more of VAT.
    """
    if rate == ZERO:
        return gross if vat == ZERO else None
    per_vat = (_HUNDRED + rate) / rate
    lowest = ((vat - _HALF) * per_vat).quantize(OERE, rounding=ROUND_CEILING)
    highest = ((vat + _HALF) * per_vat).quantize(OERE, rounding=ROUND_FLOOR)
    inside = min(max(gross, lowest), highest)
    # Both ends are halves, which are rounded away from zero: one of them may just not belong.
    return next(one for one in (inside, inside - OERE, inside + OERE) if lifted(one, rate) == vat)


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """One amount on one account; positive is revenue."""

    account: int
    #: VAT code; None: the amount carries no VAT.
    code: str | None
    #: In the invoice's currency.
    gross: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """Postings of one account and VAT code, and what they leave to the rounding account."""

    postings: tuple[Posting, ...]
    #: Amounts by which single postings miss their lines' gross.
    left: tuple[Decimal, ...] = ()

    @property
    def size(self) -> Decimal:
        return sum(map(abs, self.left), ZERO)


def postings(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> tuple[Posting, ...]:
    """Return the postings of an invoice, by account and code; they add up to its gross amount.

    Raises ``InvalidInvoice``: a mapping is missing, nothing is to be posted, or a rounding cannot be.
    """
    pairs: dict[tuple[int, VatAccount | None], list[Line]] = {}
    for line in sorted(invoice.lines, key=lambda one: one.line_number):
        code = vat_code(line, export, master_data)
        pairs.setdefault((ledger_account(line.sales_account, export, master_data), code), []).append(line)
    parts = [_part(account, code, lines) for (account, code), lines in pairs.items()]
    leftovers = [left for part in parts for left in part.left if left] + [invoice.rounding] * bool(invoice.rounding)
    found = (*(one for part in parts for one in part.postings), *_rounding(leftovers, invoice, export, master_data))
    return _complete(invoice, [one for one in found if one.gross])


def _part(account: int, code: VatAccount | None, lines: Sequence[Line]) -> _Part:
    whole, single = _posted(account, code, [lines]), _posted(account, code, [[line] for line in lines])
    return whole if whole.size <= single.size else single


def _posted(account: int, code: VatAccount | None, groups: Iterable[Sequence[Line]]) -> _Part:
    amounts = [(_gross(lines), _amount(lines, code)) for lines in groups]
    name = code.code if code else None
    return _Part(
        postings=tuple(Posting(account=account, code=name, gross=amount) for _, amount in amounts),
        left=tuple(gross - amount for gross, amount in amounts),
    )


def _amount(lines: Sequence[Line], code: VatAccount | None) -> Decimal:
    gross, vat, rate = _gross(lines), sum((line.vat for line in lines), ZERO), code.rate if code else ZERO
    amount = gross if lifted(gross, rate) == vat else nearest_gross(gross, vat, rate)
    if amount is None:
        line = lines[0]
        text = f"VAT code {line.vat_code or '(none)'} has no VAT, but its lines carry {vat}."
        raise _unpostable(text, "lines.vat", vat)
    return amount


def _gross(lines: Sequence[Line]) -> Decimal:
    return sum((line.net + line.vat for line in lines), ZERO)


def _rounding(
    leftovers: Sequence[Decimal], invoice: Invoice, export: ExportConfig, master_data: MasterData
) -> tuple[Posting, ...]:
    """Post what is left over, if the export allows as much; amounts of both signs do not excuse each other."""
    size, most, account = sum(map(abs, leftovers), ZERO), export.voucher.most_rounding, export.voucher.rounding_account
    if not size:
        return ()
    if account is None or size > most:
        why = "no rounding account is named" if account is None else f"voucher.most_rounding is {most}"
        text = f"{size} {invoice.currency} would have to go to a rounding account, but {why}."
        raise _unpostable(text, "rounding", size)
    usable_account(account, master_data, field="voucher.rounding_account")
    return (Posting(account=account, code=None, gross=sum(leftovers, ZERO)),)


def _complete(invoice: Invoice, found: Sequence[Posting]) -> tuple[Posting, ...]:
    if not found:
        text = f"Every amount of invoice {invoice.invoice_number} is zero."
        raise InvalidInvoice(failure(VoucherReason.VOUCHER_EMPTY, text, field="gross", value=str(invoice.gross)))
    total = sum((one.gross for one in found), ZERO)
    if total != invoice.gross:
        text = f"The lines and the rounding add up to {total}, but the invoice's gross amount is {invoice.gross}."
        raise InvalidInvoice(failure(EventReason.INVALID_SUMS, text, field="gross", value=str(invoice.gross)))
    return tuple(found)


def _unpostable(text: str, field: str, amount: Decimal) -> InvalidInvoice:
    return InvalidInvoice(failure(VoucherReason.VOUCHER_ROUNDING, text, field=field, value=str(amount)))


def vat_code(line: Line, export: ExportConfig, master_data: MasterData) -> VatAccount | None:
    """Return the VAT code to post a line with; None: without one. Raises ``InvalidInvoice``.

    A line without VAT and without Opter code needs no pairing; every other code does, if only with an empty text.
    """
    paired = export.codes.tax_rates.get(line.vat_code)
    if paired is None and (line.vat_code or line.vat_rate != ZERO):
        text = f"Opter's VAT code {line.vat_code or '(none)'} is not paired with one of e-conomic's."
        raise _refused(VoucherReason.VAT_CODE_UNPAIRED, text, "lines.vatCode", line.vat_code or "(none)")
    found = _vat_account(paired, master_data) if paired else None
    rate = found.rate if found else ZERO
    if rate != line.vat_rate:
        theirs = f"e-conomic's {found.code} with {_percent(rate)}" if found else "no VAT code of e-conomic"
        text = (
            f"Opter's VAT code {line.vat_code or '(none)'} stands for {_percent(line.vat_rate)}; it goes to {theirs}."
        )
        value = f"{line.vat_code or '(none)'} = {found.code if found else 'none'}"
        raise _refused(VoucherReason.VAT_RATE_DIFFERS, text, "lines.vatRate", value)
    return found


def ledger_account(sales_account: str, export: ExportConfig, master_data: MasterData) -> int:
    """Return the account that revenue goes to: as mapped, else the one numbered like Opter's sales account.

    Raises ``InvalidInvoice``; a name is never taken for an account's, as names change.
    """
    number = export.codes.ledger_accounts.get(sales_account)
    if number is None and not (sales_account.isascii() and sales_account.isdigit()):
        text = f"Opter's sales account {sales_account!r} is a name, and is not mapped to an account number."
        raise _refused(VoucherReason.LEDGER_ACCOUNT_MISSING, text, "lines.salesAccount", sales_account)
    wanted = int(sales_account) if number is None else number
    return usable_account(wanted, master_data, field="lines.salesAccount").number


def usable_account(number: int, master_data: MasterData, *, field: str) -> Account:
    """Return an account that entries can be made on. Raises ``InvalidInvoice``."""
    account = next((one for one in master_data.accounts if one.number == number), None)
    if account is None:
        text = f"Account {number} does not exist in e-conomic."
        raise _refused(VoucherReason.LEDGER_ACCOUNT_MISSING, text, field, str(number))
    wrong = _unusable(account)
    if wrong:
        text = f"Account {number} {account.name} {wrong} in e-conomic."
        raise _refused(VoucherReason.LEDGER_ACCOUNT_UNUSABLE, text, field, str(number))
    return account


def named_accounts(export: ExportConfig, master_data: MasterData) -> None:
    """Check the clearing and rounding account, where the exports file names them. Raises ``InvalidInvoice``."""
    for field in ("clearing_account", "rounding_account"):
        number = getattr(export.voucher, field)
        if number is not None:
            usable_account(number, master_data, field=f"voucher.{field}")


def _vat_account(code: str, master_data: MasterData) -> VatAccount:
    found = next((one for one in master_data.vat_accounts if one.code == code), None)
    wrong = _unusable_code(found)
    if found is None or wrong:
        raise _refused(VoucherReason.VAT_CODE_UNUSABLE, f"VAT code {code} {wrong} in e-conomic.", "lines.vatCode", code)
    return found


def _unusable_code(found: VatAccount | None) -> str:
    if found is None:
        return "does not exist"
    if found.purchase:
        return "is for purchases, not for sales,"
    return "is barred" if found.barred else ""


def _unusable(account: Account) -> str:
    if account.kind not in _POSTABLE:
        return f"is of type {account.kind}, which takes no entries,"
    if account.barred:
        return "is barred"
    return "is blocked for direct entries" if account.blocked else ""


def _refused(reason: ReasonCode, text: str, field: str, value: str) -> InvalidInvoice:
    return InvalidInvoice(failure(reason, text, field=field, value=value))


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %"
