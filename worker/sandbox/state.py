"""What the sandbox keeps, and the values that travel between its protocol and its resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

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
        super().__init__(str(body.get("message", "")))
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
class Switches:
    """Behaviour that is unknown of the real e-conomic; the default is the harsher reading."""

    #: Whether 4xx answers are remembered under an idempotency key.
    cache_4xx: bool = True
    #: Whether 5xx answers are remembered under an idempotency key.
    cache_5xx: bool = True
    #: VAT rounded per ``line`` or per ``total``.
    vat_rounding: str = "total"
    #: A group without an account for the zone: ``refuse`` the draft, or give ``no-vat``.
    missing_zone_account: str = "refuse"
    #: Whether a key used again while its first request is in flight is refused (409) or ``wait``s.
    in_flight: str = "refuse"
    #: Read-after-write lag of new vouchers, seconds.
    voucher_lag: float = 0.0
    #: Time until a booked invoice's PDF can be fetched, seconds (1 to 3 were measured).
    pdf_lag: float = 2.0
    #: Whether a draft number is free again once the draft was booked, so that ``orderNumber`` is not unique.
    reuse_booked_drafts: bool = True
    #: Booking an invoice whose total is zero: ``refuse`` or ``accept``.
    zero_total: str = "refuse"
    #: Name read on a manual customer invoice: ``customerInvoice`` (the schema) or ``customerInvoiceNumber`` (examples).
    customer_invoice_name: str = "customerInvoice"
    #: A finance voucher entry without a contra account is ``refuse``d, or ``accept``ed.
    missing_contra: str = "refuse"
    #: A voucher whose entries do not add up to zero is ``refuse``d when posted, or ``accept``ed until it is booked.
    unbalanced_voucher: str = "refuse"


@dataclass(kw_only=True, slots=True)
class Agreement:
    """One agreement's whole content. Resources are JSON objects in e-conomic's spelling."""

    number: int
    name: str
    base_currency: str = "DKK"
    #: ``role`` names granted; a missing one answers 403.
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
    #: Ledger entries of booked journals, oldest first.
    booked_entries: list[Json] = field(default_factory=list)
    #: Path of a document -> when it was created, for read lags.
    born: dict[str, datetime] = field(default_factory=dict)
    #: Next free number by kind (``draft``, ``booked``, ``customer``, ``voucher:{journal}:{year}``).
    counters: dict[str, int] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
