"""The general ledger's entries, and what they say of one document: customer, dates, sums, accounts.

A debit is positive: the customer's entry of an invoice is its gross amount, revenue and VAT are negative.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from worker.domain.money import ZERO
from worker.economic.mapping.master_data import AccountingYear

#: Net amounts by account and VAT code ("": none), in the document's currency; positive is revenue.
Accounts = Mapping[tuple[int, str], Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One booked entry (booked entries service)."""

    number: int
    #: Type word, for example ``manualDebtorInvoice``; empty when the ledger does not say it.
    kind: str
    account: int
    amount: Decimal
    currency: str
    #: ISO 8601.
    date: str
    due_date: str = ""
    voucher: int
    #: Accounting year as the entry names it; empty when it does not.
    year: str = ""
    customer: int | None = None
    invoice_number: int | None = None
    vat_code: str = ""
    text: str = ""
    #: What is still owed; None on entries without a customer.
    remainder: Decimal | None = None
    #: The amount in the agreement's base currency; None: the ledger does not say it.
    base_amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachedDocument:
    """A document attached to a voucher (documents service)."""

    number: int
    year: str
    voucher: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One document that stands in e-conomic."""

    #: ``invoice``, ``voucher`` or ``draft``.
    kind: str
    #: The invoice number that it carries.
    number: int | None
    #: Our reference on it; empty: another's or none; None: not read.
    reference: str | None = None
    #: Accounting year and voucher number; None: not read, or none yet.
    year: str = ""
    voucher: int | None = None
    #: The journal that it stands in; None: booked.
    journal: int | None = None
    customer: int | None = None
    date: str = ""
    due_date: str = ""
    currency: str = ""
    net: Decimal | None = None
    vat: Decimal | None = None
    gross: Decimal = ZERO
    #: None: not read.
    accounts: Accounts | None = None
    remainder: Decimal | None = None
    #: Document numbers attached to the voucher; None: not read.
    documents: tuple[int, ...] | None = None
    #: What the ledger says is not what the booked invoice says: one field of it, or that there is no entry.
    contradiction: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for a person."""
        if self.kind != "voucher":
            return f"{self.kind} {self.number}"
        key = f"voucher {self.year}-{self.voucher}" if self.year else f"voucher {self.voucher}"
        return f"{key} in journal {self.journal}" if self.journal else key


def year_named(day: str, years: Sequence[AccountingYear]) -> str:
    """Return the accounting year of a date, in the API's own spelling; empty when none has it."""
    when = date.fromisoformat(day[:10])
    return next((year.year for year in years if year.first <= when <= year.last), "")


def of_ledger(
    entries: Sequence[LedgerEntry], *, vat_accounts: frozenset[int], years: Sequence[AccountingYear], reference: str
) -> Standing:
    """Return what the entries of one voucher say; ``reference`` is what the caller has read of it.

    Net, VAT and accounts are read only when the entries are the whole voucher: then they add up to zero.
    """
    owing = [entry for entry in entries if entry.customer is not None]
    first, gross = (owing or entries)[0], sum((entry.amount for entry in owing), ZERO)
    others = [entry for entry in entries if entry.customer is None]
    whole = sum((entry.amount for entry in entries), ZERO) == ZERO and bool(others)
    vat = -sum((entry.amount for entry in others if entry.account in vat_accounts), ZERO)
    remainders = [entry.remainder for entry in owing if entry.remainder is not None]
    return Standing(
        kind="voucher",
        number=first.invoice_number,
        reference=reference,
        year=first.year or year_named(first.date, years),
        voucher=first.voucher,
        customer=first.customer,
        date=first.date[:10],
        due_date=first.due_date[:10],
        currency=first.currency,
        net=gross - vat if whole else None,
        vat=vat if whole else None,
        gross=gross,
        accounts=summed(
            (entry.account, entry.vat_code, -entry.amount) for entry in others if entry.account not in vat_accounts
        )
        if whole
        else None,
        remainder=sum(remainders, ZERO) if remainders else None,
    )


def summed(amounts: Iterable[tuple[int, str, Decimal]]) -> Accounts:
    """Add amounts up by account and VAT code; what comes to nothing is left out."""
    sums: dict[tuple[int, str], Decimal] = {}
    for account, code, amount in amounts:
        sums[account, code] = sums.get((account, code), ZERO) + amount
    return {place: amount for place, amount in sorted(sums.items()) if amount}
