"""One agreement of e-conomic over HTTP."""

import copy
import json
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import httpx

from config.exports import ExportConfig
from config.settings_sections import Http
from worker.domain.debtor import normal_form, visible
from worker.domain.identity import by_number, named_in
from worker.domain.ports import RateLimiter
from worker.domain.record import Intent
from worker.economic import api_calls, parsers, urls
from worker.economic.agreement import AgreementReader
from worker.economic.ledger import LedgerReader
from worker.economic.listings import Listings, Parser
from worker.economic.mapping.documents import document, identified
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData, Product, Section
from worker.economic.master_data_cache import MasterDataCache
from worker.economic.port import CallSeen, Reply, Usage
from worker.economic.side_by_side import READERS, side_by_side
from worker.economic.thread_clients import ThreadClients
from worker.economic.vouchers import Vouchers
from worker.errors import Refused

T = TypeVar("T")
#: e-conomic takes 200 values in one ``$in`` (measured).
_MOST_VALUES = 200
#: Customers with a name like another that are looked at; more are no help in finding one.
_MOST_NAMESAKES = 1000
_draft, _booked = partial(document, booked=False), partial(document, booked=True)


class EconomicClient(Vouchers):
    """The ``EconomicVouchers`` of one export. Safe to share between threads; each has a connection of its own.

    ``http`` bounds every call and the age of master data. ``accept`` gets the agreement's number before anything else
    of the agreement is believed, and raises what stops the export. ``transport`` builds one in place of the network, a
    new one for each thread; ``connections`` are those that other agreements use as well. Once ``stopped`` no call
    begins. ``monotonic`` is for tests, in which time is made. ``seen`` gets every call.
    """

    def __init__(  # noqa: PLR0913  # the parts that the composition root puts together
        self,
        export: ExportConfig,
        *,
        rate_limiter: RateLimiter,
        http: Http,
        clock: Callable[[], float],
        accept: Callable[[int], None],
        transport: Callable[[], httpx.BaseTransport] | None = None,
        connections: ThreadClients | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        stopped: Callable[[], bool] = lambda: False,
        seen: Callable[[CallSeen], None] | None = None,
        slot: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._export = export
        self._clients = connections or ThreadClients(http, transport)
        self._clock, self._deadline, self._stopped, self._slot = clock, http.deadline, stopped, slot
        calls = api_calls.ApiCalls(
            export,
            rate_limiter=rate_limiter,
            clients=self._clients,
            clock=clock,
            deadline=http.deadline,
            stopped=stopped,
            monotonic=monotonic,
            seen=seen,
            slot=slot,
        )
        super().__init__(calls, Listings(calls, export.api_url), export=export)
        self._master_data = MasterDataCache(
            self._listings, export, clock=clock, age=http.master_data_age, accept=accept
        )

        #: Lookups made at the same time.
        self._readers = READERS
        self._clock, self._rates_age = clock, http.master_data_age
        #: When the booked rates were read, and what they were.
        self._rates: tuple[float, Mapping[str, Decimal]] = (float("-inf"), {})

    def __repr__(self) -> str:
        return f"EconomicClient({self._export.name!r})"

    def master_data(self, sales_accounts: frozenset[str], *, newer_than: float | None = None) -> MasterData:
        """See ``Economic``. Periods are read for open years only. Raises ``Busy`` while another thread reads."""
        return self._master_data.get(sales_accounts, newer_than)

    def read(self, sections: frozenset[Section], newer_than: float) -> MasterData:
        """Return master data of which these parts alone are filled in, each read after ``newer_than``.

        Raises as ``master_data`` does.
        """
        return self._master_data.read(sections, newer_than)

    def check_token(self) -> None:
        """Ask whose token it is. Raises ``Misconfigured``: refused, or of another agreement; and what a read raises."""
        self._master_data.check_token()

    def customers_by_number(self, numbers: Sequence[int]) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        customers = self._customers("customerNumber", [str(number) for number in numbers])
        return [customer for customer in customers if customer.number in set(numbers)]

    def customers_by_corporate_id(self, corporate_ids: Sequence[str]) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        wanted = {_folded(corporate_id) for corporate_id in corporate_ids}
        customers = self._customers("corporateIdentificationNumber", corporate_ids)
        return [customer for customer in customers if _folded(customer.corporate_id) in wanted]

    def customers_by_ean(self, ean: str) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        return [customer for customer in self._customers("ean", [ean]) if customer.ean.strip() == ean]

    def customers_by_name(self, name: str) -> Sequence[EconomicCustomer]:
        """See ``Economic``."""
        forms = (name, *(" ".join(unicodedata.normalize(form, visible(name)).split()) for form in ("NFC", "NFD")))
        customers = self._customers("name", list(dict.fromkeys(forms)))
        found = [customer for customer in customers if normal_form(customer.name) == normal_form(name)]
        return found or [each for each in self._spelt_otherwise(name) if normal_form(each.name) == normal_form(name)]

    def _spelt_otherwise(self, name: str) -> Sequence[EconomicCustomer]:
        """Return customers whose name no exact search finds: typed with other spaces, signs or forms of letters."""
        query = urls.worded("name", name)
        if query is None:
            return ()
        try:
            encoded = urls.query_encoded(query)
            return self._listings.at_most(_MOST_NAMESAKES, "/customers", parsers.customer, encoded) or ()
        except Refused:  # a name that e-conomic cannot search for like this; the exact search has been answered
            return ()

    def customer_resource(self, number: int) -> Mapping[str, Any] | None:
        """See ``Economic``."""
        path = f"/customers/{_positive(number)}"
        return self._listings.find(path, _about(lambda card: card["customerNumber"] == number, dict))

    def resource(self, path: str) -> Mapping[str, Any] | None:
        """Return any single resource, property by property, for a person to read; None: it is not there."""
        return self._listings.find(path, dict)

    def product(self, number: str) -> Product | None:
        """See ``Economic``."""
        if not number:
            return None
        named = _about(lambda product: _folded(product.number) == _folded(number), parsers.product)
        product = self._listings.find(f"/products/{urls.segment(number)}", named)
        if product:
            self._master_data.learn(product)
        return product

    def documents(self, references: Sequence[str]) -> Sequence[Document]:
        """See ``Economic``."""
        queries = list(urls.lookups("references.other", references, most=_MOST_VALUES))
        drafts, booked = self._drafts_then_booked(queries)
        ours = identified(references, (*drafts, *booked))
        return list({(document.booked, document.number): document for document in ours}.values())

    def resembling(self, references: Sequence[str]) -> Sequence[Document]:
        """See ``Economic``."""
        queries, numbered = list(urls.containing("references.other", references)), by_number(references)
        try:
            drafts, booked = self._drafts_then_booked(queries)
        except Refused:  # which operators this property takes is not measured; the exact search has been answered
            return []
        near = (found for found in (*drafts, *booked) if any(named_in(found.document_reference, numbered)))
        return list({(document.booked, document.number): document for document in near}.values())

    def _drafts_then_booked(self, queries: Sequence[str]) -> tuple[list[Document], list[Document]]:
        """Return what these filters find; every draft is listed before any booked invoice."""
        drafts = side_by_side(partial(self._every, "/invoices/drafts", _draft), queries, readers=self._readers)
        booked = side_by_side(partial(self._every, "/invoices/booked", _booked), queries, readers=self._readers)
        return drafts, booked

    def draft(self, number: int) -> Document | None:
        """See ``Economic``."""
        path = f"/invoices/drafts/{_positive(number)}"
        return self._listings.find(path, _about(lambda draft: draft.number == number, _draft))

    def booked(self, number: int) -> Document | None:
        """See ``Economic``."""
        path = f"/invoices/booked/{_positive(number)}"
        return self._listings.find(path, _about(lambda booked: booked.number == number, _booked))

    def booked_rates(self, base_currency: str) -> Mapping[str, Decimal]:
        """See ``Economic``."""
        at, rates = self._rates
        if at < self._clock() - self._rates_age:
            rates, at = self._read_rates(base_currency), self._clock()
            self._rates = at, rates
        return rates

    def _read_rates(self, base_currency: str) -> Mapping[str, Decimal]:
        query = urls.query_encoded(f"currency$ne:{base_currency}")
        try:
            found = self._listings.newest("/invoices/booked", parsers.booked_rate, query, sort="-date")
        except Refused:
            return {}
        return {currency: rate for currency, rate in reversed(found) if rate > 0}

    def clock_gap(self, *, anew: bool = False) -> float:
        """See ``Economic``."""
        if anew or not self._calls.clock_gap.holds(self._clock()):
            self._calls.get("/self")
        return self._calls.clock_gap.seconds

    def send(self, intent: Intent) -> Reply:
        """See ``Economic``."""
        path = urls.checked(intent.method, intent.path)
        return self._calls.write(intent.method, path, intent.body.encode(), intent.key)

    def match_entries(self, path: str, entries: Sequence[int], *, key: str) -> None:
        """Match booked entries (booked entries service). Raises what every write raises.

        The service's documentation names the operation; its body is inferred from that of ``bookdraftentries``.
        """
        self._calls.write("POST", path, json.dumps({"entryNumbers": list(entries)}).encode(), key)

    def paced(self, rate_limiter: RateLimiter) -> "EconomicClient":
        """Return a client of the same agreement, connections and master data, whose calls go at another pace.

        Master data that nobody has read for long is read at the pace of this one: exports wait for it as well.
        """
        other, calls = copy.copy(self), self._calls_at(rate_limiter)
        Vouchers.__init__(other, calls, Listings(calls, self._export.api_url), export=self._export)
        other._readers = 1  # noqa: SLF001  # a copy of our own; what is last in line takes one place in it
        return other

    def ledger(self, rate_limiter: RateLimiter) -> LedgerReader:
        """Return what reads back what stands in e-conomic, over the same connections at a pace of its own."""
        return LedgerReader(Listings(self._calls_at(rate_limiter), self._export.api_url), self._export.reconcile)

    def agreement(self, rate_limiter: RateLimiter) -> AgreementReader:
        """Return what reads what the agreement tells of itself, as ``ledger`` reads."""
        export, listings = self._export, Listings(self._calls_at(rate_limiter), self._export.api_url)
        ledger = LedgerReader(listings, export.reconcile)
        return AgreementReader(listings, ledger, reconcile=export.reconcile, expects=export.expects)

    def _calls_at(self, rate_limiter: RateLimiter) -> api_calls.ApiCalls:
        calls = api_calls.ApiCalls(
            self._export,
            rate_limiter=rate_limiter,
            clients=self._clients,
            clock=self._clock,
            deadline=self._deadline,
            stopped=self._stopped,
            slot=self._slot,
        )
        calls.clock_gap = self._calls.clock_gap
        return calls

    def metered(self) -> AbstractContextManager[Usage]:
        """Count what this thread spends until the block ends."""
        return api_calls.metered()

    def close(self) -> None:
        """Close every thread's connections."""
        self._clients.close()

    def _customers(self, field: str, values: Sequence[str]) -> list[EconomicCustomer]:
        """Return each customer once: two that look alike are a question for a person."""
        queries = urls.lookups(field, values, most=_MOST_VALUES)
        customers = (customer for query in queries for customer in self._every("/customers", parsers.customer, query))
        return list({customer.number: customer for customer in customers}.values())

    def _every(self, path: str, parse: Parser[T], query: str) -> tuple[T, ...]:
        return self._listings.every(path, parse, urls.query_encoded(query))


def _folded(text: str) -> str:
    """e-conomic compares strings without regard to case (REST docs, filtering)."""
    return text.strip().casefold()


def _about(asked: Callable[[T], bool], parse: Parser[T]) -> Parser[T]:
    """Return a parser that takes an answer about anything but what was asked for as one that makes no sense."""

    def read(body: Any) -> T:
        found = parse(body)
        if not asked(found):
            raise ValueError("an answer about something else")
        return found

    return read


def _positive(number: int) -> int:
    if number < 1:
        raise ValueError(f"{number} is not the number of a document or customer")
    return number
