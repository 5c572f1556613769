"""The sandbox's switches, turned over the control path while it runs: of the whole protocol, and per agreement."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(kw_only=True, slots=True)
class ProtocolSwitches:
    """How the protocol behaves; what is unknown of the real e-conomic has the harsher reading as default."""

    #: Milliseconds that every call takes at least.
    latency_ms: float = 0.0
    #: Tokens granted per 60 seconds and agreement (``X-RateLimiting``, measured on a live agreement, August 2026).
    rate_limit: int = 10_000
    #: ``window``: tokens used up, nothing passes until the 60 seconds are over; ``refill``: they come back
    #: continuously. The header's wording fits a window, which is also the harsher of the two.
    rate_mode: Literal["window", "refill"] = "window"
    #: ``METHOD /path/template`` (``*`` matches anything) -> tokens, instead of the route's own cost.
    costs: dict[str, int] = field(default_factory=dict)
    #: How long an idempotency key is remembered, in seconds of the sandbox's clock (e-conomic docs: one hour).
    key_memory: float = 3600.0
    #: Seconds that the ``Date`` of every answer is ahead of the sandbox's clock.
    date_shift: float = 0.0
    #: Calls per 24 hours and agreement beyond which a finding is recorded (e-conomic's fair-use policy).
    daily_calls: int = 50_000


@dataclass(kw_only=True, slots=True)
class AgreementSwitches:
    """How one agreement behaves where that is unknown of the real e-conomic; the default is the harsher reading."""

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
    #: Seconds until listings show a new draft, booked invoice or voucher; by its number it can be read at once.
    listing_lag: float = 0.0
    #: Items on a page at most, whatever is asked for, of a listing of vouchers, drafts, customers or products.
    largest_page: int = 1000
    #: Between two pages of such a listing, so many times: the first item of the page that was read is ``delete``d, or
    #: the first of the page to come is from now on listed ``front``most.
    shifts: int = 0
    shift_by: Literal["delete", "front"] = "delete"
    #: Before a journal's vouchers are listed, so many times: its first one moves to the journal of the lowest number.
    journal_moves: int = 0
    #: Read-after-write lag of the general ledger's entries, seconds.
    ledger_lag: float = 0.0
    #: Which lines of a booked invoice carry its number in the ledger: the ``customer``'s, or ``every-line``. Unknown.
    invoice_number_on: Literal["customer", "every-line"] = "customer"
    #: Time until a booked invoice's PDF can be fetched, seconds (1 to 3 were measured).
    pdf_lag: float = 2.0
    #: Whether a draft number is free again once the draft was booked, so that ``orderNumber`` is not unique.
    reuse_booked_drafts: bool = True
    #: Booking an invoice whose total is zero: ``refuse`` or ``accept``.
    zero_total: str = "refuse"
    #: How a voucher's refusal speaks: ``production``, ``errors`` an array and E04041 under a date that is not open as
    #: under an account that is barred or missing (production logs, August 2026); or ``service``, ``errors`` keyed by
    #: property and the journals service's names. Which code closed and missing years get is unknown.
    voucher_refusals: Literal["production", "service"] = "production"
    #: Whether the refused booking of a date that is not open (E04870) carries ``errors`` as well.
    booking_date_errors: bool = False
    #: Whether a year's ``self`` in the listing carries a query (recorded in October 2024).
    year_self_query: bool = True
    #: Whether a group's sales accounts have a row, without account, for a VAT zone that has none.
    empty_zone_rows: bool = True
    #: Name read on a manual customer invoice: ``customerInvoice`` (the schema) or ``customerInvoiceNumber`` (examples).
    customer_invoice_name: str = "customerInvoice"
    #: Property that holds the entries of ``draft-entries/bulk``; empty: the body is their array. Unknown.
    bulk_body: str = ""
    #: A finance voucher entry without a contra account is ``refuse``d, or ``accept``ed.
    missing_contra: str = "refuse"
    #: A voucher whose entries do not add up to zero is ``refuse``d when posted, or ``accept``ed until it is booked.
    unbalanced_voucher: str = "refuse"
