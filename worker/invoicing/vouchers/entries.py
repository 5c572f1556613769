"""From postings to the entries of a voucher, in either layout.

``one-post``, the default: one customer entry for the whole amount, so that the customer has one open post for each
invoice, and a finance entry for every posting, with an account between them that each voucher leaves at zero. Rests
on: a customer entry's positive amount means that the customer owes more (inferred from the API's field names); a
finance entry's positive amount is a debit on ``account`` (e-conomic REST docs, integrators); finance entries need
``account`` and ``contraAccount`` (measured on a live agreement, August 2026). An invoice with a single posting takes
its account as contra account, and needs none in between.

``per-account``: a customer entry for every posting with its account as contra account. Rests on the first fact alone,
but the customer has as many open posts as there are postings, all with the invoice's number.

In both, an amount with a VAT code is gross (see ``lifting``), and VAT on the contra side is lifted out of it alike.
In a foreign currency every entry is converted by itself, so that the account in between may keep an øre.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from config.exports import Export
from worker.errors import InvalidInvoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import ReferenceData
from worker.invoicing.vouchers.mapping import usable_account
from worker.invoicing.vouchers.postings import Posting

#: Kind of entry, in the API's spelling -> entries.
Entries: TypeAlias = dict[str, list[dict[str, Any]]]
CUSTOMER, FINANCE = "manualCustomerInvoices", "financeVouchers"


def entries(
    found: Sequence[Posting],
    export: Export,
    reference: ReferenceData,
    *,
    shared: Mapping[str, Any],
    customer: Mapping[str, Any],
) -> Entries:
    """Return the entries; ``shared`` goes on all of them, ``customer`` on the customer's.

    Raises ``InvalidInvoice`` when a clearing account is needed and there is none.
    """
    if export.voucher.layout == "per-account" or len(found) == 1:
        return {CUSTOMER: [{**shared, **customer, "amount": one.gross, **_contra(one)} for one in found]}
    clearing = {"contraAccount": _account(clearing_account(export, reference))}
    total = {"amount": sum(one.gross for one in found)}
    return {
        CUSTOMER: [{**shared, **customer, **total, **clearing}],
        FINANCE: [{**shared, "amount": -one.gross, **_own(one), **clearing} for one in found],
    }


def clearing_account(export: Export, reference: ReferenceData) -> int:
    """Return the account between customer entry and finance entries. Raises ``InvalidInvoice``."""
    number = export.voucher.clearing_account
    if number is None:
        text = "The invoice has several postings, and the exports file names no clearing account."
        raise InvalidInvoice(failure(Reason.CLEARING_ACCOUNT_MISSING, text, field="voucher.clearing_account"))
    return usable_account(number, reference, field="voucher.clearing_account").number


def _contra(posting: Posting) -> dict[str, Any]:
    code = {"contraVatAccount": {"vatCode": posting.code}} if posting.code else {}
    return {"contraAccount": _account(posting.account), **code}


def _own(posting: Posting) -> dict[str, Any]:
    code = {"vatAccount": {"vatCode": posting.code}} if posting.code else {}
    return {"account": _account(posting.account), **code}


def _account(number: int) -> dict[str, int]:
    return {"accountNumber": number}
