"""Rules for one entry of a voucher. Refusals that nobody recorded carry an empty code.

E04041 stands under ``date`` for a barred period, and under ``account`` beside E07150 for an account that is barred or
missing (production logs of others, August 2026). The other names are the journals service's.
"""

from collections.abc import Iterator
from decimal import Decimal

from worker.sandbox.resources.lookup import violation
from worker.sandbox.resources.schema import Violation
from worker.sandbox.resources.years import refusal, year_of
from worker.sandbox.state import Agreement, Json

UNKNOWN = ""
#: Under ``date``: not open. Under ``account``: barred or missing.
NOT_OPEN = "E04041"
UNUSABLE_ACCOUNT = "E07150"
#: Account types that entries can be posted to.
POSTABLE = ("profitAndLoss", "status")
DATE_CODES = {
    "missing-year": "JournalEntryDateAccountingYearDoesNotExist",
    "closed-year": "JournalEntryDateAccountingYearClosed",
    "barred-year": "JournalEntryDateAccountingYearPeriodBarred",
    "missing-period": "JournalEntryDateAccountingYearDoesNotExist",
    "closed-period": "JournalEntryDateAccountingYearPeriodClosed",
    "barred-period": "JournalEntryDateAccountingYearPeriodBarred",
}


def entry_violations(agreement: Agreement, body: Json, path: str, kind: str, entry: Json) -> Iterator[Violation]:
    """Yield what is wrong with one entry; every reference in it exists."""
    yield from _date(agreement, body, path, entry)
    yield from _sides(agreement, path, kind, entry)
    for side in ("account", "contraAccount"):
        if side in entry:
            yield from _account(agreement, agreement.accounts[entry[side]["accountNumber"]], f"{path}.{side}")
    customer = entry.get("customer", {}).get("customerNumber")
    if customer and agreement.customers[customer].get("barred"):
        yield violation(
            f"{path}.customer", f"Customer {customer} is barred.", "JournalEntryCustomerNotAccessible", customer
        )
    yield from _currency(agreement, path, entry)
    yield from _vat_amounts(path, entry)


def _date(agreement: Agreement, body: Json, path: str, entry: Json) -> Iterator[Violation]:
    day = entry["date"]
    year = year_of(agreement, day)
    if reason := refusal(agreement, day):
        production = agreement.switches.voucher_refusals == "production"
        message = "Perioden er spærret." if production else f"{day}: {reason.replace('-', ' ')}."
        yield violation(f"{path}.date", message, NOT_OPEN if production else DATE_CODES[reason], day)
    elif year is not None and year["year"] != body["accountingYear"]["year"]:
        yield violation(f"{path}.date", f"{day} is not in the voucher's accounting year.", UNKNOWN, day)
    if entry.get("dueDate", day) < day:
        yield violation(f"{path}.dueDate", "Earlier than the date.", "JournalEntryDueDateNotInRange", entry["dueDate"])


def _sides(agreement: Agreement, path: str, kind: str, entry: Json) -> Iterator[Violation]:
    if kind == "manualCustomerInvoices" and "customer" not in entry and "contraAccount" not in entry:
        yield violation(path, "customer or contraAccount is required.", "E04042")
    finance_alone = kind == "financeVouchers" and "contraAccount" not in entry
    if finance_alone and agreement.switches.missing_contra == "refuse":
        yield violation(f"{path}.contraAccount", "contraAccount is required.", "E04042")
    if "contraVatAccount" in entry and "contraAccount" not in entry:
        yield violation(f"{path}.contraVatAccount", "A contra VAT code needs a contra account.", UNKNOWN)


def unusable_account(path: str, number: int) -> Iterator[Violation]:
    """Yield what an account that is barred or missing is refused with in production: one cannot tell which."""
    for code in (NOT_OPEN, UNUSABLE_ACCOUNT):
        yield violation(path, f"Konto {number} findes ikke eller er spærret.", code, number)


def _account(agreement: Agreement, account: Json, path: str) -> Iterator[Violation]:
    number = account["accountNumber"]
    if account["accountType"] not in POSTABLE:
        yield violation(path, f"Account {number} takes no entries.", "JournalEntryAccountWrongAccountType", number)
    if account.get("barred"):
        if agreement.switches.voucher_refusals == "production":
            yield from unusable_account(path, number)
        else:
            yield violation(path, f"Account {number} is barred.", "JournalEntryAccountNotAccessible", number)
    if account.get("blockDirectEntries"):
        message = f"Account {number} is blocked for direct entries."
        yield violation(path, message, "JournalEntryAccountIsBlockedForDirectEntries", number)


def _currency(agreement: Agreement, path: str, entry: Json) -> Iterator[Violation]:
    base = entry.get("currency", {}).get("code", agreement.base_currency) == agreement.base_currency
    if base and entry.get("exchangeRate", 100) != Decimal(100):
        code = "JournalEntryExchangeRateMustBeOneHundredForBaseCurrency"
        yield violation(f"{path}.exchangeRate", "Must be 100 for the base currency.", code, entry["exchangeRate"])


def _vat_amounts(path: str, entry: Json) -> Iterator[Violation]:
    for side in ("vat", "contraVat"):
        if f"{side}Amount" in entry and f"{side}Account" not in entry:
            yield violation(f"{path}.{side}Amount", "A VAT amount needs a VAT code.", UNKNOWN, entry[f"{side}Amount"])
