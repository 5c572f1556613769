"""The port to e-conomic as the workflow sees it: one agreement.

Errors of every method: ``Unreachable``, ``Throttled``, ``Misconfigured``, ``Refused`` (other 4xx); reads also
``Unavailable`` (5xx, no answer), writes ``Uncertain`` instead. A 404 on a single resource is an answer (None), never an
error; an outage is never absence.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from pydantic import SecretStr

from config.export_schema import Limits
from config.exports import ExportConfig
from worker.domain.ports import AgreementRate
from worker.domain.record import Intent
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData, Product, VoucherFound
from worker.economic.urls import RequestLabel

#: e-conomic takes files of at most "9.0 MB" (REST docs, voucher attachments); the smaller reading of it, in bytes.
LARGEST_PDF = 9_000_000


def rate_name(grant_token: SecretStr) -> str:
    """Return an agreement's name for the rate limiter: exports that share a grant share its rate."""
    return f"grant-{hashlib.sha256(grant_token.get_secret_value().encode()).hexdigest()[:16]}"


def agreement_rates(
    look: Callable[[str, Limits], AgreementRate | None], exports: Mapping[str, ExportConfig]
) -> Mapping[str, AgreementRate | None]:
    """Return what workers know of each export's agreement; ``look`` is the rate limiter's."""
    return {name: look(rate_name(export.grant_token), export.limits) for name, export in exports.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A successful answer."""

    status: int
    #: Parsed JSON, every fraction a ``Decimal``; None for an empty body.
    body: Any
    #: ``X-ResultFromCache: true``: the original answer to an earlier request with the same key.
    replayed: bool = False


@dataclass(slots=True)
class Usage:
    """What one execution has spent on calls so far."""

    #: HTTP requests tried.
    calls: int = 0
    #: Rate tokens that they cost (``X-CallCost``, or the estimate where e-conomic did not say).
    tokens: float = 0.0
    #: Held while they are counted: several threads may work for one execution.
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSeen:
    """One call to e-conomic, as figures and traces see it: nothing of a customer."""

    label: RequestLabel
    #: Status of the answer; 0: none came.
    status: int
    #: Whether it left this process; without that no answer could come.
    sent: bool
    #: Seconds from sending it to its answer, or to giving up.
    seconds: float
    #: Rate tokens that it cost.
    tokens: float


class Economic(Protocol):
    """What the workflow needs of one agreement."""

    def master_data(self, sales_accounts: frozenset[str], *, newer_than: float | None = None) -> MasterData:
        """Return master data with groups and products of these sales accounts filled in.

        Read once and cached with a bounded age. ``newer_than`` (seconds since the epoch) forces a re-read of what is
        older: how "missing" is re-read once before it is believed.
        """

    def customers_by_number(self, numbers: Sequence[int]) -> Sequence[EconomicCustomer]:
        """Return the customers with these numbers, 200 a call."""

    def customers_by_corporate_id(self, corporate_ids: Sequence[str]) -> Sequence[EconomicCustomer]:
        """Return the customers with these corporate ids, 200 a call."""

    def customers_by_ean(self, ean: str) -> Sequence[EconomicCustomer]:
        """Return the customers with this EAN/GLN."""

    def customers_by_name(self, name: str) -> Sequence[EconomicCustomer]:
        """Return the customers of this name, whatever its Unicode form, spacing and unseen characters.

        e-conomic ignores case.
        """

    def customer_resource(self, number: int) -> Mapping[str, Any] | None:
        """Return one customer as it is in e-conomic, property by property, to be written back as a whole."""

    def product(self, number: str) -> Product | None:
        """Return one product."""

    def documents(self, references: Sequence[str]) -> Sequence[Document]:
        """Return drafts and booked invoices whose ``references.other`` is one of these; drafts are read first.

        A person may have written it with other case, with spaces around it or in brackets; it comes out as ours.

        Drafts are listed before booked invoices, so that one booked between the two calls is seen at least once.
        """

    def resembling(self, references: Sequence[str]) -> Sequence[Document]:
        """Return drafts and booked invoices whose ``references.other`` holds one of these, however written, as written.

        Drafts are listed before booked invoices. Nothing where e-conomic refuses the question.
        """

    def draft(self, number: int) -> Document | None:
        """Return one draft."""

    def booked(self, number: int) -> Document | None:
        """Return one booked invoice."""

    def booked_rates(self, base_currency: str) -> Mapping[str, Decimal]:
        """Return the exchange rate of the newest booked invoice in each foreign currency, per 100 units.

        Cached like master data; empty where e-conomic refuses the question.
        """

    def clock_gap(self, *, anew: bool = False) -> float:
        """Return the seconds that e-conomic's clock is ahead of the store's (negative: behind), at the last success.

        Measured by a call made for it where there was none, the store's clock was set since, or with ``anew``.
        """

    def send(self, intent: Intent) -> Reply:
        """Send a frozen write: these bytes under this idempotency key."""


class EconomicVouchers(Economic, Protocol):
    """What the voucher method needs besides."""

    def vouchers(self, references: frozenset[str] | None, first: date, last: date) -> Sequence[VoucherFound]:
        """Return vouchers whose entries carry the marker of one of these references, in any journal or booked.

        None: of any reference, which costs the same, so that one lookup may serve many invoices.

        Neither journals nor booked entries can be filtered by text, so all journals are read, and the booked entries
        dated ``first`` to ``last``; journals first, so that one booked meanwhile is seen at least once.
        """

    def standing(self, journal: int) -> Sequence[VoucherFound]:
        """Return the marked vouchers that stand in a journal: a call for a thousand. What is missing may have moved."""

    def voucher(self, journal: int, voucher: str) -> Sequence[VoucherFound]:
        """Return the marked vouchers at this address (``{year}-{number}``), at most one usually; none: not there (yet).

        A single resource may be read before a listing shows it, but its 404 proves nothing: it may have moved.
        """

    def posted(self, reply: Reply) -> Sequence[VoucherFound]:
        """Return the marked vouchers of the answer to a posting, an array (measured); none when it has another shape.

        Makes no call.
        """

    def attachment(self, journal: int, voucher: str) -> int | None:
        """Return the number of pages attached to a voucher (``{year}-{number}``); None: nothing is attached."""

    def attach(self, journal: int, voucher: str, pdf: bytes, *, key: str) -> Reply:
        """Upload a PDF to a voucher: the same bytes under the same key, however often.

        Raises ``Refused`` with ``VoucherAlreadyHasAttachment`` among its codes when one is there, and ``Refused`` with
        status 404 while reads lag behind the posting (some seconds, reported by an integrator): then nothing was
        attached, and as the refusal may be remembered under its key, the next attempt needs another.
        """
