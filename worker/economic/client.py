"""One agreement of e-conomic over HTTP."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, TypeVar

import httpx

from config.exports import ExportConfig
from worker.domain.ports import RateLimiter
from worker.domain.record import Intent
from worker.economic import parsers, urls, voucher_parsers
from worker.economic.api_calls import Answer, ApiCalls, Usage
from worker.economic.listings import Listings
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData, Product, VoucherFound
from worker.economic.master_data_cache import MasterDataCache
from worker.economic.port import Reply
from worker.economic.thread_clients import ThreadClients, Timeouts
from worker.economic.urls import checked, segment
from worker.economic.vouchers import Vouchers

T = TypeVar("T")
#: e-conomic takes 200 values in one ``$in`` (measured).
_MOST_VALUES = 200
#: References asked for in one filter: each may answer with a draft and a booked invoice.
_MOST_REFERENCES = 100


class EconomicClient:
    """The ``EconomicVouchers`` of one export. Safe to share between threads; each has a connection of its own.

    ``deadline`` bounds a whole call in seconds (more where a file is sent), ``reference_age`` the age of reference
    data. ``accept`` is given the agreement's number before anything else of it is believed, and raises what stops the
    export. ``transport`` builds one in place of the network, a new one for each thread.
    """

    def __init__(  # noqa: PLR0913  # the parts that the composition root puts together
        self,
        export: ExportConfig,
        *,
        rate_limiter: RateLimiter,
        timeouts: Timeouts,
        clock: Callable[[], float] = time.time,
        deadline: float = 15.0,
        master_data_age: float = 300.0,
        accept: Callable[[int], None] = lambda _: None,
        transport: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        self._export = export
        self._slots = ThreadClients(timeouts, transport)
        self._calls = ApiCalls(export, rate_limiter=rate_limiter, slots=self._slots, clock=clock, deadline=deadline)
        self._reading = Listings(self._calls, export.api_url)
        self._reference = MasterDataCache(self._reading, export, clock=clock, age=master_data_age, accept=accept)
        self._vouchers = Vouchers(self._calls, self._reading, deadline=deadline)

    def __repr__(self) -> str:
        return f"EconomicClient({self._export.name!r})"

    def master_data(self, sales_accounts: frozenset[str], *, newer_than: float | None = None) -> MasterData:
        """See ``Economic``. Periods are read for open years only. Raises ``Busy`` while another thread reads."""
        return self._reference.get(sales_accounts, newer_than)

    def customers_by_number(self, numbers: Sequence[int]) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        found = self._customers("customerNumber", [str(number) for number in numbers])
        return [customer for customer in found if customer.number in set(numbers)]

    def customers_by_corporate_id(self, corporate_ids: Sequence[str]) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        asked = {_folded(corporate_id) for corporate_id in corporate_ids}
        found = self._customers("corporateIdentificationNumber", corporate_ids)
        return [customer for customer in found if _folded(customer.corporate_id) in asked]

    def customers_by_name(self, name: str) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        found = self._customers("name", [name])
        return [customer for customer in found if _folded(customer.name) == _folded(name)]

    def customer_resource(self, number: int) -> Mapping[str, Any] | None:
        """See ``Economic``."""
        return self._reading.find(f"/customers/{_positive(number)}", parsers.resource)

    def product(self, number: str) -> Product | None:
        """See ``Economic``."""
        found = self._reading.find(f"/products/{segment(number)}", parsers.product) if number else None
        if found:
            self._reference.learn(found)
        return found

    def documents(self, references: Sequence[str]) -> Sequence[Document]:
        """See ``Economic``."""
        asked = set(references)
        queries = list(urls.lookups("references.other", references, most=_MOST_REFERENCES))
        drafts = [one for query in queries for one in self._every("/invoices/drafts", parsers.draft, query)]
        booked = [one for query in queries for one in self._every("/invoices/booked", parsers.booked, query)]
        found = (document for document in (*drafts, *booked) if document.document_reference in asked)
        return list({(document.booked, document.number): document for document in found}.values())

    def draft(self, number: int) -> Document | None:
        """See ``Economic``."""
        return self._reading.find(f"/invoices/drafts/{_positive(number)}", parsers.draft)

    def booked(self, number: int) -> Document | None:
        """See ``Economic``."""
        return self._reading.find(f"/invoices/booked/{_positive(number)}", parsers.booked)

    def send(self, intent: Intent) -> Reply:
        """See ``Economic``."""
        path = checked(intent.method, intent.path)
        return _reply(self._calls.write(intent.method, path, intent.body.encode(), intent.key))

    def vouchers(self, references: frozenset[str] | None, first: date, last: date) -> Sequence[VoucherFound]:
        """See ``EconomicVouchers``."""
        return self._vouchers.find(references, first, last)

    def posted(self, reply: Reply) -> Sequence[VoucherFound]:
        """See ``EconomicVouchers``."""
        return voucher_parsers.posted(reply.body)

    def attachment(self, journal: int, voucher: str) -> int | None:
        """See ``EconomicVouchers``."""
        return self._vouchers.attachment(journal, voucher)

    def attach(self, journal: int, voucher: str, pdf: bytes, *, key: str) -> Reply:
        """See ``EconomicVouchers``."""
        return _reply(self._vouchers.attach(journal, voucher, pdf, key))

    def metered(self) -> AbstractContextManager[Usage]:
        """Count what this thread spends until the block ends: ``calls`` and ``tokens``."""
        return self._calls.meters.metered()

    def close(self) -> None:
        """Close every thread's connections."""
        self._slots.close()

    def _customers(self, field: str, values: Sequence[str]) -> list[EconomicCustomer]:
        """Return each customer once: two that look alike are a question for a person."""
        queries = urls.lookups(field, values, most=_MOST_VALUES)
        found = (one for query in queries for one in self._every("/customers", parsers.customer, query))
        return list({customer.number: customer for customer in found}.values())

    def _every(self, path: str, read: Callable[[Any], T], query: str) -> tuple[T, ...]:
        return self._reading.every(path, read, urls.encoded(query))


def _reply(answer: Answer) -> Reply:
    return Reply(status=answer.status, body=answer.body, replayed=answer.replayed)


def _folded(text: str) -> str:
    """e-conomic compares strings without regard to case (REST docs, filtering)."""
    return text.strip().casefold()


def _positive(number: int) -> int:
    if number < 1:
        raise ValueError(f"{number} is not the number of a document or customer")
    return number
