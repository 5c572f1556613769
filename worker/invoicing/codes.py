"""The reason codes: stable names that scripts, dashboards and ``requeue --reason`` may rely on."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why an invoice, an event or an export stands still."""

    # The event
    EVENT_UNREADABLE = "event-unreadable"
    EVENT_UNSUPPORTED = "event-unsupported"
    EVENT_INVALID = "event-invalid"
    EVENT_TOO_LARGE = "event-too-large"
    EXPORT_UNKNOWN = "export-unknown"
    REFERENCE_REFUSED = "reference-refused"
    REFERENCE_MISMATCH = "reference-mismatch"
    REFERENCE_UNAVAILABLE = "reference-unavailable"
    INVALID_SUMS = "invalid-sums"
    CONTROL_TOTALS = "control-totals"
    DUPLICATE_NUMBER = "duplicate-number"
    CONFLICT = "conflict"

    # The invoice against the agreement's set-up
    PRODUCT_GROUP_MISSING = "product-group-missing"
    PRODUCT_GROUP_AMBIGUOUS = "product-group-ambiguous"
    PRODUCT_BARRED = "product-barred"
    PRODUCT_NUMBER_TAKEN = "product-number-taken"
    PAYMENT_TERMS_MISSING = "payment-terms-missing"
    PAYMENT_TERMS_AMBIGUOUS = "payment-terms-ambiguous"
    DUE_DATE_MISMATCH = "due-date-mismatch"
    VAT_ZONE_MISSING = "vat-zone-missing"
    VAT_ACCOUNT_MISSING = "vat-account-missing"
    VAT_MISMATCH = "vat-mismatch"
    CURRENCY_UNKNOWN = "currency-unknown"
    EXCHANGE_RATE_INVALID = "exchange-rate-invalid"
    LAYOUT_MISSING = "layout-missing"
    CUSTOMER_GROUP_MISSING = "customer-group-missing"
    ACCOUNTING_YEAR_MISSING = "accounting-year-missing"
    ACCOUNTING_YEAR_CLOSED = "accounting-year-closed"
    ACCOUNTING_PERIOD_CLOSED = "accounting-period-closed"
    ACCOUNTING_PERIOD_BARRED = "accounting-period-barred"
    ROUNDING_UNSUPPORTED = "rounding-unsupported"
    TEXT_REFUSED = "text-refused"
    BEFORE_FIRST_DATE = "before-first-date"

    # Vouchers and their PDFs
    VAT_CODE_UNPAIRED = "vat-code-unpaired"
    VAT_CODE_UNUSABLE = "vat-code-unusable"
    VAT_RATE_DIFFERS = "vat-rate-differs"
    LEDGER_ACCOUNT_MISSING = "ledger-account-missing"
    LEDGER_ACCOUNT_UNUSABLE = "ledger-account-unusable"
    JOURNAL_MISSING = "journal-missing"
    JOURNAL_RESTRICTED = "journal-restricted"
    CLEARING_ACCOUNT_MISSING = "clearing-account-missing"
    VOUCHER_ROUNDING = "voucher-rounding"
    VOUCHER_EMPTY = "voucher-empty"
    VOUCHER_DIFFERS = "voucher-differs"
    INVOICE_NUMBER_IGNORED = "invoice-number-ignored"
    PDF_MISSING = "pdf-missing"
    PDF_REFUSED = "pdf-refused"
    PDF_UNUSABLE = "pdf-unusable"

    # The customer
    CUSTOMER_AMBIGUOUS = "customer-ambiguous"
    CUSTOMER_CONTRADICTION = "customer-contradiction"
    CUSTOMER_BARRED = "customer-barred"
    CUSTOMER_NUMBER_UNFIT = "customer-number-unfit"

    # Said by e-conomic
    TOTALS_MISMATCH = "totals-mismatch"
    BOOKED_DIFFERS = "booked-differs"
    NUMBER_TAKEN = "number-taken"
    REFUSED_BY_ECONOMIC = "refused-by-economic"
    DUPLICATE_DOCUMENTS = "duplicate-documents"
    POSTED_OTHERWISE = "posted-otherwise"
    TOKENS_REFUSED = "tokens-refused"
    ROLE_MISSING = "role-missing"
    AGREEMENT_MISMATCH = "agreement-mismatch"

    # The way there
    ECONOMIC_UNREACHABLE = "economic-unreachable"
    ECONOMIC_UNAVAILABLE = "economic-unavailable"
    THROTTLED = "throttled"
    OUTCOME_UNKNOWN = "outcome-unknown"
    LEDGER_DOWN = "ledger-down"
    BUSY = "busy"
    ORIGINAL_AWAITED = "original-awaited"
    EXPORT_PAUSED = "export-paused"
    ATTEMPTS_EXHAUSTED = "attempts-exhausted"
    WORKER_KILLED = "worker-killed"
    INTERNAL_ERROR = "internal-error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What the catalogue says about one reason; a bookkeeper reads it."""

    #: A few words: the heading in lists and notices.
    title: str
    #: What brings it about.
    cause: str
    #: What a person does now, in plain words.
    next_step: str
    #: Whether fresher reference data of the agreement could make it go away: re-read once before believing it.
    set_up: bool = False
