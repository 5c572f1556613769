"""e-conomic as the export sees it: one agreement. ``worker.economic`` keeps the HTTP adapter.

Errors of every method: ``Unreachable``, ``Throttled``, ``Misconfigured``, ``Refused`` (other 4xx); reads also
``Unavailable`` (5xx, no answer), writes ``Uncertain`` instead. A 404 on a single resource is an answer (None), never an
error; an outage is never absence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from worker.invoicing.record import Intent
from worker.invoicing.reference import Document, EconomicCustomer, Product, ReferenceData


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to a write: its JSON body, and whether it came from e-conomic's key memory."""

    status: int
    body: Any
    #: ``X-ResultFromCache: true``: the original answer to an earlier request with the same key.
    replayed: bool = False


class Economic(Protocol):
    """What the export asks of one agreement."""

    def reference_data(self, sales_accounts: frozenset[str], *, newer_than: float | None = None) -> ReferenceData:
        """Return reference data with groups and products of these sales accounts filled in.

        Read once and cached with a bounded age. ``newer_than`` (seconds since the epoch) forces a re-read of what is
        older: how "missing" is re-read once before it is believed.
        """
        ...

    def customers_by_number(self, numbers: Sequence[int]) -> Sequence[EconomicCustomer]:
        """Return the customers with these numbers, 200 a call."""
        ...

    def customers_by_corporate_id(self, corporate_ids: Sequence[str]) -> Sequence[EconomicCustomer]:
        """Return the customers with these corporate ids, 200 a call."""
        ...

    def customers_by_name(self, name: str) -> Sequence[EconomicCustomer]:
        """Return the customers with exactly this name (e-conomic ignores case)."""
        ...

    def product(self, number: str) -> Product | None:
        """Return one product."""
        ...

    def documents(self, references: Sequence[str]) -> Sequence[Document]:
        """Return drafts and booked invoices whose ``references.other`` is one of these, exactly; drafts first read.

        Drafts are listed before booked invoices, so that one booked between the two calls is seen at least once.
        """
        ...

    def draft(self, number: int) -> Document | None:
        """Return one draft."""
        ...

    def booked(self, number: int) -> Document | None:
        """Return one booked invoice."""
        ...

    def send(self, intent: Intent) -> Reply:
        """Send a frozen write: these bytes under this idempotency key."""
        ...
