"""What is refused of one entry of a voucher. Refusals that nobody recorded carry an empty code."""

from collections.abc import Iterator
from decimal import Decimal

from worker.sandbox.resources.lookup import trouble
from worker.sandbox.resources.schema import Trouble
from worker.sandbox.resources.years import refusal, year_of
from worker.sandbox.state import Agreement, Json

UNKNOWN = ""
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


def entry_troubles(agreement: Agreement, body: Json, path: str, kind: str, entry: Json) -> Iterator[Trouble]:
    """Yield what is wrong with one entry; every reference in it exists."""
    yield from _date(agreement, body, path, entry)
    yield from _sides(agreement, path, kind, entry)
    for side in ("account", "contraAccount"):
        if side in entry:
            yield from _account(agreement.accounts[entry[side]["accountNumber"]], f"{path}.{side}")
    customer = entry.get("customer", {}).get("customerNumber")
    if customer and agreement.customers[customer].get("barred"):
        yield trouble(
            f"{path}.customer", f"Customer {customer} is barred.", "JournalEntryCustomerNotAccessible", customer
        )
    yield from _currency(agreement, path, entry)
    yield from _vat_amounts(path, entry)


def _date(agreement: Agreement, body: Json, path: str, entry: Json) -> Iterator[Trouble]:
    day = entry["date"]
    year = year_of(agreement, day)
    if reason := refusal(agreement, day):
        yield trouble(f"{path}.date", f"{day}: {reason.replace('-', ' ')}.", DATE_CODES[reason], day)
    elif year is not None and year["year"] != body["accountingYear"]["year"]:
        yield trouble(f"{path}.date", f"{day} is not in the voucher's accounting year.", UNKNOWN, day)
    if entry.get("dueDate", day) < day:
        yield trouble(f"{path}.dueDate", "Earlier than the date.", "JournalEntryDueDateNotInRange", entry["dueDate"])


def _sides(agreement: Agreement, path: str, kind: str, entry: Json) -> Iterator[Trouble]:
    if kind == "manualCustomerInvoices" and "customer" not in entry and "contraAccount" not in entry:
        yield trouble(path, "customer or contraAccount is required.", "E04042")
    finance_alone = kind == "financeVouchers" and "contraAccount" not in entry
    if finance_alone and agreement.switches.missing_contra == "refuse":
        yield trouble(f"{path}.contraAccount", "contraAccount is required.", "E04042")
    if "contraVatAccount" in entry and "contraAccount" not in entry:
        yield trouble(f"{path}.contraVatAccount", "A contra VAT code needs a contra account.", UNKNOWN)


def _account(account: Json, path: str) -> Iterator[Trouble]:
    number = account["accountNumber"]
    if account["accountType"] not in POSTABLE:
        yield trouble(path, f"Account {number} takes no entries.", "JournalEntryAccountWrongAccountType", number)
    if account.get("barred"):
        yield trouble(path, f"Account {number} is barred.", "JournalEntryAccountNotAccessible", number)
    if account.get("blockDirectEntries"):
        message = f"Account {number} is blocked for direct entries."
        yield trouble(path, message, "JournalEntryAccountIsBlockedForDirectEntries", number)


def _currency(agreement: Agreement, path: str, entry: Json) -> Iterator[Trouble]:
    base = entry.get("currency", {}).get("code", agreement.base_currency) == agreement.base_currency
    if base and entry.get("exchangeRate", 100) != Decimal(100):
        code = "JournalEntryExchangeRateMustBeOneHundredForBaseCurrency"
        yield trouble(f"{path}.exchangeRate", "Must be 100 for the base currency.", code, entry["exchangeRate"])


def _vat_amounts(path: str, entry: Json) -> Iterator[Trouble]:
    for side in ("vat", "contraVat"):
        if f"{side}Amount" in entry and f"{side}Account" not in entry:
            yield trouble(f"{path}.{side}Amount", "A VAT amount needs a VAT code.", UNKNOWN, entry[f"{side}Amount"])
