"""The sandbox as the demo sees it: control path, and its vouchers as a bookkeeper reads them."""

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.domain.money import ZERO
from worker.economic.mapping.voucher_payload import marked


class Control:
    """Looks into the sandbox, and does there what a person does in e-conomic."""

    def __init__(self, url: str, agreement: int) -> None:
        self._url = f"{url}/_sandbox"
        self._agreement = agreement

    def answers(self) -> bool:
        """Tell whether the sandbox is up."""
        try:
            return bool(self._call("GET", "health")["ok"])
        except OSError:
            return False

    def state(self) -> dict[str, Any]:
        """Return the agreement's content, amounts as Decimal."""
        content: dict[str, Any] = self._call("GET", "state")[str(self._agreement)]
        return content

    def calls(self) -> Mapping[str, int]:
        """Return how many requests the agreement has seen, by what they were for."""
        entries = self._call("GET", "journal")["requests"]
        return Counter(_purpose(one["method"], one["path"]) for one in entries if one["agreement"] == self._agreement)

    def findings(self) -> list[str]:
        """Return what the real e-conomic would have ignored or refused as a mistake."""
        return [f"{one['method']} {one['path']}: {one['what']}" for one in self._call("GET", "findings")["findings"]]

    def put(self, kind: str, key: str, body: Any) -> None:
        """Add or change a resource of the agreement."""
        self._call("PUT", f"agreements/{self._agreement}/{kind}/{key}", body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/{path}", data=data, method=method)  # noqa: S310  # our own http address
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # our own http address
            return json.loads(answer.read(), parse_float=Decimal)


def _purpose(method: str, path: str) -> str:
    if method == "GET":
        return "to look up"
    if path.startswith(("/invoices/drafts", "/invoices/booked")):
        return "to draft and book" if method == "POST" else "to discard"
    if path.startswith("/journals/"):
        return "to post vouchers and attach PDFs"
    return "to create customers and products"


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
    document_reference: str
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
        document_reference=marked(first.get("text", "")) or "?",
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
