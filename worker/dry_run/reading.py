"""e-conomic as a plan sees it: reads only, each asked once; what the plan would create counts as if it were there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Generic, TypeVar

from typing_extensions import override

from worker.domain.invoice import Invoice
from worker.domain.record import Intent
from worker.economic.mapping.customer_matching import ledger_number, spellings
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData, Product, VoucherFound
from worker.economic.port import EconomicVouchers, Reply
from worker.errors import Throttled

T = TypeVar("T")
#: Seconds to wait for leave when the rate gate does not name a time.
_A_WHILE = 2.0


class PlanWouldWrite(Exception):
    """A mistake in this program: a plan was about to change something in e-conomic."""


class ReadOnly(EconomicVouchers):
    """See ``EconomicVouchers``; writes raise ``PlanWouldWrite``, reads wait when the rate is used up."""

    def __init__(self, economic: EconomicVouchers, *, began: float, sleep: Callable[[float], None]) -> None:
        """Reference data is believed when it was read after ``began`` (seconds since the epoch): one state for all."""
        self._economic = economic
        self._began = began
        self._sleep = sleep
        self._numbers = _Asked(
            lambda keys: self._patiently(lambda: economic.customers_by_number([int(key) for key in keys])),
            lambda customer: str(customer.number),
        )
        self._corporate_ids = _Asked(
            lambda keys: self._patiently(lambda: economic.customers_by_corporate_id(keys)),
            lambda customer: customer.corporate_id,
        )
        self._documents = _Asked(
            lambda keys: self._patiently(lambda: economic.documents(keys)), lambda document: document.document_reference
        )
        self._vouchers: tuple[date, date, Sequence[VoucherFound]] | None = None
        self._new_customers: list[EconomicCustomer] = []
        self._new_products: list[Product] = []
        #: Customers looked up one by one by the export itself: what ``foresee`` spared, and an export spends.
        self.lookups = 0

    def foresee(self, invoices: Iterable[Invoice]) -> None:
        """Look up the customers of all these invoices together, 200 a call."""
        customers = [invoice.customer for invoice in invoices]
        numbers = [str(number) for one in customers if (number := ledger_number(one))]
        found = {customer.number for customer in self._numbers.get(numbers)}
        others = [one for one in customers if ledger_number(one) not in found]
        self._corporate_ids.get([spelling for one in others for spelling in spellings(one)])

    def pretend_customer(self, number: int, body: Mapping[str, Any]) -> None:
        """Count a new customer as there."""
        self._new_customers.append(
            EconomicCustomer(
                number=number,
                name=body["name"],
                corporate_id=body.get("corporateIdentificationNumber", ""),
                address=body.get("address", ""),
                zip=body.get("zip", ""),
                city=body.get("city", ""),
                country=body.get("country", ""),
                currency=body["currency"],
            )
        )

    def pretend_product(self, number: str, body: Mapping[str, Any]) -> None:
        """Count a new product as there."""
        group = int(body["productGroup"]["productGroupNumber"])
        self._new_products.append(Product(number=number, name=body["name"], group=group))

    @override
    def master_data(self, sales_accounts: frozenset[str], *, newer_than: float | None = None) -> MasterData:
        data = self._patiently(lambda: self._economic.master_data(sales_accounts, newer_than=self._began))
        return replace(data, products=(*data.products, *self._new_products))

    @override
    def customers_by_number(self, numbers: Sequence[int]) -> Sequence[EconomicCustomer]:
        self.lookups += 1
        new = [one for one in self._new_customers if one.number in numbers]
        return [*self._numbers.get([str(number) for number in numbers]), *new]

    @override
    def customers_by_corporate_id(self, corporate_ids: Sequence[str]) -> Sequence[EconomicCustomer]:
        self.lookups += 1
        asked = set(map(_folded, corporate_ids))
        new = [one for one in self._new_customers if _folded(one.corporate_id) in asked]
        return [*self._corporate_ids.get(corporate_ids), *new]

    @override
    def customers_by_name(self, name: str) -> Sequence[EconomicCustomer]:
        new = [one for one in self._new_customers if _folded(one.name) == _folded(name)]
        return [*self._patiently(lambda: self._economic.customers_by_name(name)), *new]

    @override
    def customer_resource(self, number: int) -> Mapping[str, Any] | None:
        return self._patiently(lambda: self._economic.customer_resource(number))

    @override
    def product(self, number: str) -> Product | None:
        new = next((one for one in self._new_products if one.number == number), None)
        return new or self._patiently(lambda: self._economic.product(number))

    @override
    def documents(self, references: Sequence[str]) -> Sequence[Document]:
        return self._documents.get(references)

    @override
    def draft(self, number: int) -> Document | None:
        return self._patiently(lambda: self._economic.draft(number))

    @override
    def booked(self, number: int) -> Document | None:
        return self._patiently(lambda: self._economic.booked(number))

    @override
    def vouchers(self, references: frozenset[str] | None, first: date, last: date) -> Sequence[VoucherFound]:
        seen = self._vouchers
        if seen is None or first < seen[0] or last > seen[1]:
            found = self._patiently(lambda: self._economic.vouchers(None, first, last))
            self._vouchers = seen = (first, last, found)
        return [one for one in seen[2] if references is None or one.document_reference in references]

    @override
    def posted(self, reply: Reply) -> Sequence[VoucherFound]:
        return self._economic.posted(reply)

    @override
    def attachment(self, journal: int, voucher: str) -> int | None:
        return self._patiently(lambda: self._economic.attachment(journal, voucher))

    @override
    def send(self, intent: Intent) -> Reply:
        raise PlanWouldWrite(f"{intent.method} {intent.path}")

    @override
    def attach(self, journal: int, voucher: str, pdf: bytes, *, key: str) -> Reply:
        raise PlanWouldWrite(f"an upload to voucher {voucher} of journal {journal}")

    def _patiently(self, read: Callable[[], T]) -> T:
        """A person waits for a plan, so the rate's end is no reason to give up."""
        while True:
            try:
                return read()
            except Throttled as wait:
                self._sleep(wait.retry_after or _A_WHILE)


class _Asked(Generic[T]):
    """What was found under keys; each is asked for once."""

    def __init__(self, ask: Callable[[Sequence[str]], Sequence[T]], key_of: Callable[[T], str]) -> None:
        self._ask = ask
        self._key_of = key_of
        self._found: dict[str, list[T]] = {}

    def get(self, keys: Sequence[str]) -> list[T]:
        """Return everything under these keys, without regard to case."""
        new = list(dict.fromkeys(key for key in keys if _folded(key) not in self._found))
        if new:
            self._found |= {_folded(key): [] for key in new}
            for one in self._ask(new):
                self._found[_folded(self._key_of(one))].append(one)
        return [one for key in dict.fromkeys(map(_folded, keys)) for one in self._found[key]]


def _folded(text: str) -> str:
    return text.strip().casefold()
