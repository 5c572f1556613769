"""e-conomic and the store as a dry run uses them: reads only; what the plan would create counts as present."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Generic, NoReturn, TypeVar, cast

from typing_extensions import override

from worker.domain.debtor import normal_form
from worker.domain.invoice import Invoice
from worker.domain.record import Intent, State
from worker.domain.store_port import ExportPort, PlanPort
from worker.dry_run.plan import PlannedAction, PlannedInvoice
from worker.economic import parsers
from worker.economic.mapping.customer_matching import ledger_number, spellings
from worker.economic.mapping.documents import identified
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData, Product, VoucherFound
from worker.economic.port import EconomicVouchers, Reply
from worker.errors import Throttled

T = TypeVar("T")
#: Seconds to wait when the rate limiter names no time.
_DEFAULT_WAIT = 2.0


class PlanWouldWrite(Exception):
    """A bug in this program: a plan was about to change something in e-conomic or in the store."""


class ReadOnlyEconomic(EconomicVouchers):
    """See ``EconomicVouchers``; writes raise ``PlanWouldWrite``, reads wait when the rate is used up."""

    def __init__(self, economic: EconomicVouchers, *, began: float, sleep: Callable[[float], None]) -> None:
        """Only master data read after ``began`` (seconds since the epoch) is used: the plan shows one state."""
        self._economic = economic
        self._began = began
        self._sleep = sleep
        self._customers_by_number = _Lookups(
            lambda keys: self._wait(lambda: economic.customers_by_number([int(key) for key in keys])),
            lambda customer: str(customer.number),
        )
        self._customers_by_corporate_id = _Lookups(
            lambda keys: self._wait(lambda: economic.customers_by_corporate_id(keys)),
            lambda customer: customer.corporate_id,
        )
        self._documents = _Lookups(
            lambda keys: self._wait(lambda: economic.documents(keys)), lambda document: document.document_reference
        )
        self._vouchers: tuple[date, date, Sequence[VoucherFound]] | None = None
        self._new_customers: list[EconomicCustomer] = []
        self._new_products: list[Product] = []
        #: Customer lookups that an export makes one by one, and this plan made in advance (see ``prefetch``).
        self.lookups = 0

    def prefetch(self, invoices: Iterable[Invoice]) -> None:
        """Look up the customers of all these invoices together, 200 a call."""
        customers = [invoice.customer for invoice in invoices]
        numbers = [str(number) for customer in customers if (number := ledger_number(customer))]
        known = {customer.number for customer in self._customers_by_number.get(numbers)}
        others = [customer for customer in customers if ledger_number(customer) not in known]
        self._customers_by_corporate_id.get([spelling for customer in others for spelling in spellings(customer)])

    def add_customer(self, number: int, body: Mapping[str, Any]) -> None:
        """Count a new customer as present."""
        self._new_customers.append(parsers.customer({"customerNumber": number, **body}))

    def add_product(self, number: str, body: Mapping[str, Any]) -> None:
        """Count a new product as present."""
        group = int(body["productGroup"]["productGroupNumber"])
        self._new_products.append(Product(number=number, name=body["name"], group=group))

    @override
    def master_data(self, sales_accounts: frozenset[str], *, newer_than: float | None = None) -> MasterData:
        data = self._wait(lambda: self._economic.master_data(sales_accounts, newer_than=self._began))
        return replace(data, products=(*data.products, *self._new_products))

    @override
    def customers_by_number(self, numbers: Sequence[int]) -> Sequence[EconomicCustomer]:
        self.lookups += 1
        new = [customer for customer in self._new_customers if customer.number in numbers]
        return [*self._customers_by_number.get([str(number) for number in numbers]), *new]

    @override
    def customers_by_corporate_id(self, corporate_ids: Sequence[str]) -> Sequence[EconomicCustomer]:
        self.lookups += 1
        wanted = set(map(_folded, corporate_ids))
        new = [customer for customer in self._new_customers if _folded(customer.corporate_id) in wanted]
        return [*self._customers_by_corporate_id.get(corporate_ids), *new]

    @override
    def customers_by_ean(self, ean: str) -> Sequence[EconomicCustomer]:
        new = [customer for customer in self._new_customers if customer.ean == ean]
        return [*self._wait(lambda: self._economic.customers_by_ean(ean)), *new]

    @override
    def customers_by_name(self, name: str) -> Sequence[EconomicCustomer]:
        new = [customer for customer in self._new_customers if normal_form(customer.name) == normal_form(name)]
        return [*self._wait(lambda: self._economic.customers_by_name(name)), *new]

    @override
    def customer_resource(self, number: int) -> Mapping[str, Any] | None:
        return self._wait(lambda: self._economic.customer_resource(number))

    @override
    def product(self, number: str) -> Product | None:
        new = next((product for product in self._new_products if product.number == number), None)
        return new or self._wait(lambda: self._economic.product(number))

    @override
    def documents(self, references: Sequence[str]) -> Sequence[Document]:
        return self._documents.get(references)

    @override
    def booked_rates(self, base_currency: str) -> Mapping[str, Decimal]:
        return self._wait(lambda: self._economic.booked_rates(base_currency))

    @override
    def resembling(self, references: Sequence[str]) -> Sequence[Document]:
        return self._wait(lambda: self._economic.resembling(references))

    @override
    def draft(self, number: int) -> Document | None:
        return self._wait(lambda: self._economic.draft(number))

    @override
    def booked(self, number: int) -> Document | None:
        return self._wait(lambda: self._economic.booked(number))

    @override
    def vouchers(self, references: frozenset[str] | None, first: date, last: date) -> Sequence[VoucherFound]:
        scan = self._vouchers
        if scan is None or first < scan[0] or last > scan[1]:
            found = self._wait(lambda: self._economic.vouchers(None, first, last))
            self._vouchers = scan = (first, last, found)
        return scan[2] if references is None else list(identified(references, scan[2]))

    @override
    def voucher(self, journal: int, voucher: str) -> Sequence[VoucherFound]:
        return self._wait(lambda: self._economic.voucher(journal, voucher))

    @override
    def standing(self, journal: int) -> Sequence[VoucherFound]:
        return self._wait(lambda: self._economic.standing(journal))

    @override
    def clock_gap(self, *, anew: bool = False) -> float:
        return self._economic.clock_gap(anew=anew)

    @override
    def posted(self, reply: Reply) -> Sequence[VoucherFound]:
        return self._economic.posted(reply)

    @override
    def attachment(self, journal: int, voucher: str) -> int | None:
        return self._wait(lambda: self._economic.attachment(journal, voucher))

    @override
    def send(self, intent: Intent) -> Reply:
        raise PlanWouldWrite(f"{intent.method} {intent.path}")

    @override
    def attach(self, journal: int, voucher: str, pdf: bytes, *, key: str) -> Reply:
        raise PlanWouldWrite(f"an upload to voucher {voucher} of journal {journal}")

    def _wait(self, read: Callable[[], T]) -> T:
        """Read, waiting while the rate is used up: a person waits for the plan, so it does not give up."""
        while True:
            try:
                return read()
            except Throttled as throttled:
                self._sleep(throttled.retry_after or _DEFAULT_WAIT)


class _Lookups(Generic[T]):
    """What was found under keys; each key is looked up once, without regard to case."""

    def __init__(self, read: Callable[[Sequence[str]], Sequence[T]], key_of: Callable[[T], str]) -> None:
        self._read = read
        self._key_of = key_of
        self._found: dict[str, list[T]] = {}

    def get(self, keys: Sequence[str]) -> list[T]:
        """Return everything under these keys."""
        new = list(dict.fromkeys(key for key in keys if _folded(key) not in self._found))
        if new:
            self._found |= {_folded(key): [] for key in new}
            for item in self._read(new):
                self._found[_folded(self._key_of(item))].append(item)
        return [item for key in dict.fromkeys(map(_folded, keys)) for item in self._found[key]]


def _folded(text: str) -> str:
    return text.strip().casefold()


#: The state in which a planned invoice leaves a correction that credits it; any other action: exported by then.
_STATE_AFTER = {PlannedAction.FAIL: State.DEAD, PlannedAction.HOLD: State.WAITING}


def read_only_store(store: PlanPort, planned: Mapping[str, PlannedInvoice]) -> ExportPort:
    """Return a store that knows what is planned so far; every change of it raises ``PlanWouldWrite``."""
    return cast("ExportPort", _ReadOnlyStore(store, planned))


class _ReadOnlyStore:
    def __init__(self, store: PlanPort, planned: Mapping[str, PlannedInvoice]) -> None:
        self._store = store
        self._planned = planned

    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        """See ``ExportPort``."""
        planned = {key: self._planned[key].action for key in invoice_ids if key in self._planned}
        after = {key: _STATE_AFTER.get(action, State.EXPORTED) for key, action in planned.items()}
        return {**self._store.states(invoice_ids), **after}

    def __getattr__(self, name: str) -> NoReturn:
        raise PlanWouldWrite(f"{name} of the store")
