"""Draft entries of the journals service posted many at a time: ``draft-entries/bulk`` 15.0.0.

At most 500, all rolled back on one failure; required are type, journal, date, amount and currency (its documentation).
Entries of one journal, year and voucher number make one voucher; one without a number gets its own. A refusal names no
entry: whether e-conomic's does is not documented. Nor is whether the body is an array or an object that holds it
(switch ``bulk_body``), nor what a number that another voucher has leads to: it is refused here, the harsher reading.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from worker.sandbox.failures import problem
from worker.sandbox.resources.fields import Schema, day, dotted, integer, number, text
from worker.sandbox.resources.lookup import existing
from worker.sandbox.resources.schema import Violation, accept
from worker.sandbox.resources.voucher_rules import check, check_balance
from worker.sandbox.resources.voucher_schema import entries_of, schema
from worker.sandbox.resources.voucher_view import Key, complete
from worker.sandbox.resources.vouchers import keep, voucher_numbers
from worker.sandbox.resources.years import year_of
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, ApiError, Call, Json

MOST = 500
KINDS = {5: "financeVouchers", 10: "manualCustomerInvoices"}
ENTRY: Schema = {
    "entryTypeNumber": integer(required=True),
    "journalNumber": integer(required=True),
    "date": day(required=True),
    "amount": number(required=True),
    "currency": text(3, shortest=3, required=True),
    "voucherNumber": integer(0),
    "accountNumber": integer(),
    "contraAccountNumber": integer(),
    "vatCode": text(5),
    "contraVatCode": text(5),
    "text": text(250),
    "customerNumber": integer(),
    "customerInvoiceNumber": text(9),
    "dueDate": day(),
    "exchangeRate": number(6, minimum=0),
}
#: The service's property -> where legacy REST has it.
LEGACY = {
    "accountNumber": ("account", "accountNumber"),
    "contraAccountNumber": ("contraAccount", "accountNumber"),
    "vatCode": ("vatAccount", "vatCode"),
    "contraVatCode": ("contraVatAccount", "vatCode"),
    "customerNumber": ("customer", "customerNumber"),
    "currency": ("currency", "code"),
}
_CODE = re.compile(r'"errorCode": ?"([^"]+)"')


def create_many(agreement: Agreement, call: Call) -> Answer:
    """Post every entry, or none: 201 with their numbers."""
    entries = _entries(agreement, call.body)
    if len(entries) > MOST:
        raise problem(400, f"At most {MOST} entries.", "OneAPITooManyEntries")
    try:
        checked = [_checked(agreement, body) for body in _vouchers(agreement, entries)]
    except ApiError as error:
        raise _refused(error) from None
    created = [keep(agreement, _key(agreement, body), rows, call) for body, rows in checked]
    numbers = [{"entryNumber": entry["journalEntryNumber"]} for voucher in created for _, entry in entries_of(voucher)]
    return Answer(status=201, body=numbers)


def _entries(agreement: Agreement, body: Any) -> list[Json]:
    name = agreement.switches.bulk_body
    rows = (body.get(name) if isinstance(body, dict) else None) if name else body
    if not isinstance(rows, list) or not rows:
        raise problem(400, "The request holds no entries.", "")
    return [_accepted(row) for row in rows]


def _refuse(violations: list[Violation]) -> None:
    if violations:
        raise problem(400, violations[0].invalid.message, violations[0].invalid.code)


def _accepted(row: Any) -> Json:
    entry = accept(ENTRY, row, _refuse)
    if entry["entryTypeNumber"] not in KINDS:
        raise problem(501, f"The sandbox keeps the types {sorted(KINDS)} only.", "E00501")
    if not entry.get("customerInvoiceNumber", "0").isdecimal():
        raise problem(400, "The customer's invoice number is not numeric.", "Customer_Invoice_Is_Not_Numeric")
    return entry


def _vouchers(agreement: Agreement, entries: list[Json]) -> Iterator[Json]:
    """Yield the body of each voucher as legacy REST takes it."""
    grouped: dict[tuple[object, ...], Json] = {}
    for at, entry in enumerate(entries):
        year = year_of(agreement, entry["date"])
        if year is None:
            raise problem(400, "No accounting year has this date.", "JournalEntryDateAccountingYearDoesNotExist")
        number = entry.get("voucherNumber") or 0
        body: Json = {
            "accountingYear": {"year": year["year"]},
            "journal": {"journalNumber": entry["journalNumber"]},
            "entries": {},
            **({"voucherNumber": number} if number else {}),
        }
        voucher = grouped.setdefault((entry["journalNumber"], year["year"], number or -at), body)
        rows = voucher["entries"].setdefault(KINDS[entry["entryTypeNumber"]], [])
        rows.append(_legacy(entry, agreement.switches.customer_invoice_name))
    yield from grouped.values()


def _legacy(entry: Json, invoice_name: str) -> Json:
    same: Json = {name: entry[name] for name in ("date", "amount", "text", "dueDate", "exchangeRate") if name in entry}
    there = {part: {leaf: entry[name]} for name, (part, leaf) in LEGACY.items() if name in entry}
    invoice = {invoice_name: int(entry["customerInvoiceNumber"])} if "customerInvoiceNumber" in entry else {}
    return {**same, **there, **invoice}


def _checked(agreement: Agreement, body: Json) -> tuple[Json, Json]:
    """Return a voucher and its entries with what the server adds; the rules are those of legacy REST."""
    journal = existing(agreement.journals, body["journal"]["journalNumber"])
    known = accept(schema(agreement.switches.customer_invoice_name), body)
    check(agreement, journal, known)
    rows = {kind: [complete(agreement, entry) for entry in rows] for kind, rows in known["entries"].items() if rows}
    check_balance(agreement, [entry for kind in rows.values() for entry in kind])
    return known, rows


def _key(agreement: Agreement, body: Json) -> Key:
    journal, year = body["journal"]["journalNumber"], body["accountingYear"]["year"]
    [number] = voucher_numbers(agreement, agreement.journals[journal], year, body.get("voucherNumber"), 1)
    return journal, year, number


def _refused(error: ApiError) -> ApiError:
    """Return the refusal as the service words it: with a code of the entry at fault, but not which entry it is."""
    if "type" in error.body:
        return error
    codes = _CODE.findall(json.dumps(error.body, default=str))
    code = next((each for each in codes if each != "E04300"), "")
    return problem(400, "One of the entries is not accepted; none was created.", code)


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/journalsapi/v15.0.0/draft-entries/bulk",
        handler=create_many,
        roles=BOOKKEEPING,
        fields=dotted(ENTRY) | {f"items.{name}" for name in dotted(ENTRY)},
    ),
)
