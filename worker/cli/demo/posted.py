"""The sandbox's vouchers as a bookkeeper reads them: the customer's post, revenue and VAT by account. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.invoicing.money import ZERO
from worker.invoicing.vouchers.marker import marked

#: Kinds of entry in the API's spelling.
_CUSTOMER, _FINANCE = "manualCustomerInvoices", "financeVouchers"


@dataclass(frozen=True, kw_only=True, slots=True)
class Revenue:
    """What a voucher posts on one account under one VAT code; positive is revenue."""

    account: int
    #: Empty: no VAT code.
    code: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """What a customer owes by a voucher."""

    #: Invoice number; None when e-conomic did not read it.
    invoice: int | None
    due: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """One voucher."""

    #: ``journal-year-number``.
    key: str
    journal: int
    #: Our reference, from its marker; ``?`` when it has none.
    reference: str
    currency: str
    posts: tuple[Post, ...]
    revenue: tuple[Revenue, ...]
    #: What is left on the clearing account, in the voucher's currency, and after e-conomic's conversion.
    clearing: Decimal
    clearing_in_base: Decimal
    #: SHA-256 of each attached file.
    files: tuple[str, ...]


def posted(state: Mapping[str, Any], clearing: int) -> list[Posted]:
    """Return every voucher that waits in a journal of the agreement."""
    files = {key: tuple(one["sha256"] for one in found) for key, found in state["attachments"].items()}
    return [_voucher(key, one, clearing, files.get(key, ())) for key, one in state["vouchers"].items()]


def _voucher(key: str, voucher: Mapping[str, Any], clearing: int, files: tuple[str, ...]) -> Posted:
    rows = [(kind, entry) for kind in (_CUSTOMER, _FINANCE) for entry in voucher["entries"].get(kind, ())]
    first = rows[0][1]
    revenue = tuple(found for kind, entry in rows for found in _revenue(kind, entry, clearing))
    left = [entry for _, entry in rows if entry["contraAccount"]["accountNumber"] == clearing]
    return Posted(
        key=key,
        journal=voucher["journal"]["journalNumber"],
        reference=marked(first.get("text", "")) or "?",
        currency=first["currency"]["code"],
        posts=tuple(_post(entry) for kind, entry in rows if kind == _CUSTOMER),
        revenue=revenue,
        clearing=sum((-_money(entry, "amount") for entry in left), ZERO),
        clearing_in_base=sum((-_money(entry, "amountBaseCurrency") for entry in left), ZERO),
        files=files,
    )


def _post(entry: Mapping[str, Any]) -> Post:
    return Post(invoice=entry.get("customerInvoice"), due=entry["dueDate"], amount=_money(entry, "amount"))


def _revenue(kind: str, entry: Mapping[str, Any], clearing: int) -> Iterator[Revenue]:
    """A finance entry's account is credited by a negative amount, a customer entry's contra account by a positive."""
    side, vat, sign = ("account", "vat", -1) if kind == _FINANCE else ("contraAccount", "contraVat", 1)
    account = entry[side]["accountNumber"]
    if account == clearing:
        return
    tax = -_money(entry, f"{vat}Amount")
    code = entry.get(f"{vat}Account", {}).get("vatCode", "")
    yield Revenue(account=account, code=code, net=sign * _money(entry, "amount") - tax, vat=tax)


def _money(entry: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount; what was parsed from JSON without decimals is no Decimal yet."""
    return Decimal(entry.get(name, 0))
