"""The postings of a journal's entry: what it does to the general ledger.

A finance voucher's positive amount is a debit on ``account``; a manual customer invoice's positive amount means that
the customer owes more. An amount with a VAT code is gross: its VAT is lifted out of it (e-conomic REST docs,
"Journals"; integrators' incident reports).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from worker.sandbox.resources.totals import in_base, lifted_out
from worker.sandbox.state import Agreement, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """One line in the general ledger; a debit is positive."""

    account: int
    amount: Decimal
    amount_in_base: Decimal
    customer: int | None = None
    vat_code: str = ""


def postings(agreement: Agreement, entry: Json) -> Iterator[Posting]:
    """Yield the postings of one stored entry; they add up to zero only when it has both sides."""
    amount = entry["amount"]
    if "account" in entry:
        yield from _side(agreement, entry, entry["account"]["accountNumber"], amount, "vat")
    if "customer" in entry:
        customer = entry["customer"]["customerNumber"]
        group = agreement.customers[customer]["customerGroup"]["customerGroupNumber"]
        debtors = agreement.customer_groups[group]["account"]["accountNumber"]
        yield replace(_posting(entry, debtors, amount), customer=customer)
    if "contraAccount" in entry:
        yield from _side(agreement, entry, entry["contraAccount"]["accountNumber"], -amount, "contraVat")


def vat_of(agreement: Agreement, entry: Json, side: str) -> Decimal:
    """Return the VAT inside an entry's amount on one side (``vat`` or ``contraVat``), in that side's sign.

    A VAT amount that was sent counts instead, in the side's own sign: which sign the contra side wants is unknown.
    """
    code = entry[f"{side}Account"]["vatCode"]
    amount = entry["amount"] if side == "vat" else -entry["amount"]
    computed = lifted_out(amount, Decimal(agreement.vat_accounts[code]["ratePercentage"]))
    return Decimal(entry[f"{side}Amount"]).copy_sign(amount) if f"{side}Amount" in entry else computed


def _side(agreement: Agreement, entry: Json, account: int, amount: Decimal, side: str) -> Iterator[Posting]:
    if f"{side}Account" not in entry:
        yield _posting(entry, account, amount)
        return
    code = entry[f"{side}Account"]["vatCode"]
    vat = vat_of(agreement, entry, side)
    whole = _posting(entry, account, amount)
    tax = _posting(entry, agreement.vat_accounts[code]["account"]["accountNumber"], vat)
    # The net is what is left, so that the two never drift from the gross by an øre in the base currency.
    in_base_left = whole.amount_in_base - tax.amount_in_base
    yield replace(whole, amount=amount - vat, amount_in_base=in_base_left, vat_code=code)
    if vat:
        yield tax


def _posting(entry: Json, account: int, amount: Decimal) -> Posting:
    return Posting(account=account, amount=amount, amount_in_base=in_base(amount, entry["exchangeRate"]))


def balance(agreement: Agreement, entries: list[Json]) -> Decimal:
    """Return what the entries of a voucher miss: in their currency when they share one, else in the base currency."""
    lines = [posting for entry in entries for posting in postings(agreement, entry)]
    one_currency = len({entry["currency"]["code"] for entry in entries}) == 1
    return sum((posting.amount if one_currency else posting.amount_in_base for posting in lines), Decimal(0))
