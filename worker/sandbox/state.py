"""What the sandbox keeps, and the values that travel between its protocol and its resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from worker.sandbox.switches import AgreementSwitches

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One authenticated request, as a resource sees it."""

    method: str
    #: Path below the host, without the query, for example ``/invoices/drafts``.
    path: str
    #: Decoded path parameters.
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    #: Parsed JSON body, with every number a Decimal or int; None when there is none.
    body: Any = None
    #: Uploaded file of a multipart request.
    file: bytes | None = None
    #: Name of the uploaded file.
    file_name: str = ""
    #: The other fields of a multipart request.
    form: Mapping[str, str] = field(default_factory=dict)
    #: The sandbox's clock.
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a resource answers; the protocol adds headers, paging and rate."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal in one of e-conomic's error shapes."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body.get("message", body.get("title", ""))))
        self.status = status
        self.body = body


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something in a request that the real e-conomic would have ignored or refused."""

    call: int
    method: str
    path: str
    what: str


@dataclass(kw_only=True, slots=True)
class Agreement:
    """One agreement's whole content. Resources are JSON objects in e-conomic's spelling."""

    number: int
    name: str
    base_currency: str = "DKK"
    #: ``role`` names granted; a missing role answers 403.
    roles: set[str] = field(default_factory=lambda: {"SuperUser"})
    revoked: bool = False
    customers: dict[int, Json] = field(default_factory=dict)
    customer_groups: dict[int, Json] = field(default_factory=dict)
    products: dict[str, Json] = field(default_factory=dict)
    product_groups: dict[int, Json] = field(default_factory=dict)
    #: (product group, zone) -> account number.
    sales_accounts: dict[tuple[int, int], int] = field(default_factory=dict)
    accounts: dict[int, Json] = field(default_factory=dict)
    vat_accounts: dict[str, Json] = field(default_factory=dict)
    vat_zones: dict[int, Json] = field(default_factory=dict)
    payment_terms: dict[int, Json] = field(default_factory=dict)
    layouts: dict[int, Json] = field(default_factory=dict)
    currencies: dict[str, Json] = field(default_factory=dict)
    #: e-conomic's rate of the day: price of 100 units in the base currency.
    rates: dict[str, Decimal] = field(default_factory=dict)
    #: ``year`` -> accounting year with ``periods``; ``closed`` and ``barred`` on both.
    years: dict[str, Json] = field(default_factory=dict)
    units: dict[int, Json] = field(default_factory=dict)
    journals: dict[int, Json] = field(default_factory=dict)
    drafts: dict[int, Json] = field(default_factory=dict)
    booked: dict[int, Json] = field(default_factory=dict)
    #: (journal, year, voucher number) -> voucher.
    vouchers: dict[tuple[int, str, int], Json] = field(default_factory=dict)
    #: (journal, year, voucher number) -> uploaded files, in order.
    attachments: dict[tuple[int, str, int], list[bytes]] = field(default_factory=dict)
    #: Entries in the general ledger, of booked journals and booked invoices, oldest first.
    booked_entries: list[Json] = field(default_factory=list)
    #: Matched pairs of entries, oldest first.
    matched_pairs: list[Json] = field(default_factory=list)
    #: Document number of each of these, in the documents service's own series.
    document_numbers: dict[tuple[int, str, int], int] = field(default_factory=dict)
    #: Documents attached to booked entries, by their number: ``year``, ``voucherNumber``, ``file``, ``pages``.
    documents: dict[int, Json] = field(default_factory=dict)
    #: Path of a document -> when it was created, for read lags.
    born: dict[str, datetime] = field(default_factory=dict)
    #: Next free number by kind (``draft``, ``booked``, ``customer``, ``voucher:{journal}:{year}``).
    counters: dict[str, int] = field(default_factory=dict)
    switches: AgreementSwitches = field(default_factory=AgreementSwitches)
