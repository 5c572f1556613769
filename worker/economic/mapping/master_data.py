"""An agreement's master data, and the documents and customers found in it, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Section(StrEnum):
    """A part of the master data that can be read by itself."""

    GROUPS = "product groups"
    TERMS = "payment terms"
    ZONES = "VAT zones"
    VAT_ACCOUNTS = "VAT accounts"
    LAYOUTS = "layouts"
    CUSTOMER_GROUPS = "customer groups"
    CURRENCIES = "currencies"
    YEARS = "accounting years"
    JOURNALS = "journals"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneAccount:
    """The sales account that a product group has for one VAT zone (``/product-groups/{n}/sales-accounts``)."""

    zone: int
    account: int
    account_name: str = ""
    barred: bool = False
    #: VAT code of the account; none: no VAT.
    vat_code: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductGroup:
    """A product group; ``accounts`` is filled for groups that invoices use."""

    number: int
    name: str
    accounts: tuple[ZoneAccount, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A product that may stand on a line."""

    number: str
    name: str
    group: int
    barred: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentTerms:
    """Payment terms; ``kind`` is e-conomic's ``paymentTermsType`` (``net``, ``invoiceMonth``, ``dueDate``, ...)."""

    number: int
    name: str
    kind: str
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VatAccount:
    """A VAT code with its rate in percent."""

    code: str
    rate: Decimal
    barred: bool = False
    #: For purchases (e-conomic's VAT type 2, "ingoing domestic purchase"): VAT to reclaim, not to pay.
    purchase: bool = False
    #: Account that the VAT is posted to; None where e-conomic does not tell it.
    account: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountingPeriod:
    """A span of dates inside an accounting year, both ends included."""

    first: date
    last: date
    closed: bool = False
    barred: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountingYear:
    """An accounting year; ``year`` is the API's own spelling (``2026``, ``2025/2026``, ``2025/2026a``)."""

    year: str
    first: date
    last: date
    closed: bool = False
    periods: tuple[AccountingPeriod, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account of the chart; only ``profitAndLoss`` and ``status`` take entries."""

    number: int
    name: str
    kind: str
    barred: bool = False
    #: Whether entries made directly on it are refused.
    blocked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """A journal (daybook) that vouchers go to; ``restricted_to`` is its ``entryTypeRestrictedTo``, empty: none."""

    number: int
    name: str
    restricted_to: str = ""
    #: First and last number of its voucher series; none: it does not tell.
    series: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MasterData:
    """Everything of one agreement that the mapping needs."""

    agreement: int
    base_currency: str = "DKK"
    groups: tuple[ProductGroup, ...] = ()
    #: Products of the groups that invoices use.
    products: tuple[Product, ...] = ()
    payment_terms: tuple[PaymentTerms, ...] = ()
    vat_zones: Mapping[int, str] = field(default_factory=dict)
    vat_accounts: tuple[VatAccount, ...] = ()
    #: What e-conomic booked last in each currency, per 100 units; read where invoices carry rates.
    booked_rates: Mapping[str, Decimal] = field(default_factory=dict)
    layouts: Mapping[int, str] = field(default_factory=dict)
    customer_groups: Mapping[int, str] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset()
    years: tuple[AccountingYear, ...] = ()
    #: Barred periods should be read, and the tokens do not allow it: a bar shows only when e-conomic refuses.
    bars_unknown: bool = False
    journals: tuple[Journal, ...] = ()
    #: The whole chart of accounts; read for exports with the voucher method only.
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EconomicCustomer:
    """A customer as e-conomic has it."""

    number: int
    name: str
    corporate_id: str = ""
    address: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""
    barred: bool = False
    currency: str = ""
    ean: str = ""
    vat_number: str = ""
    #: Number of its VAT zone.
    vat_zone: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A draft or booked invoice found in e-conomic."""

    number: int
    booked: bool
    #: ``references.other``.
    document_reference: str
    customer: int
    date: str
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    due_date: str = ""
    #: The former draft number of a booked invoice, where e-conomic says it (``orderNumber``).
    former_draft: int | None = None
    #: The company number of the recipient, which e-conomic copies from the customer; we send none.
    recipient_id: str = ""
    #: Whether its own address in the answer ends in its number; booking takes a number for ever.
    located: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class VoucherFound:
    """A voucher that carries our marker, in a journal or booked."""

    #: Our reference, as the marker in its entries' texts gives it.
    document_reference: str
    #: The journal it stands in; None when its entries are booked.
    journal: int | None
    year: str
    number: int
    #: What the customer owes by it, in the voucher's currency; positive is an invoice, negative a credit note.
    gross: Decimal
    #: What its entries say of these; empty where e-conomic does not show it.
    currency: str = ""
    customers: frozenset[int] = frozenset()
    dates: frozenset[str] = frozenset()
    #: VAT code and amount: with its VAT in a journal, without when booked.
    by_vat_code: tuple[tuple[str, Decimal], ...] = ()
    #: Its entries' ``journalEntryNumber``; empty when they are booked.
    entries: tuple[int, ...] = ()
    #: No entry carries a marker, but one's text holds what may be the reference: a question to a person.
    unclear: bool = False
    #: The invoice number on its customer entries, under whichever name e-conomic uses for it; None: there is none.
    invoice_number: int | None = None

    @property
    def booked(self) -> bool:
        """Whether its entries are booked."""
        return self.journal is None
