"""Vouchers and entries as answers carry them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from worker.sandbox.failures import not_found
from worker.sandbox.resources.links import linked, url
from worker.sandbox.resources.lookup import existing, number_in
from worker.sandbox.resources.postings import vat_of
from worker.sandbox.resources.totals import in_base
from worker.sandbox.resources.voucher_schema import KINDS
from worker.sandbox.state import Agreement, Call, Json

Key = tuple[int, str, int]


def complete(agreement: Agreement, entry: Json) -> Json:
    """Return an entry with what the server adds: currency, e-conomic's rate of the day, VAT and base amounts."""
    code = entry.get("currency", {}).get("code", agreement.base_currency)
    rated: Json = {"exchangeRate": agreement.rates[code]} | entry | {"currency": linked("code", code, "currencies")}
    sides = [side for side in ("vat", "contraVat") if f"{side}Account" in entry]
    vat = {f"{side}Amount": vat_of(agreement, rated, side) for side in sides}
    return rated | vat | {"amountBaseCurrency": in_base(entry["amount"], rated["exchangeRate"])}


def split(entries: Json) -> Iterator[Json]:
    """Yield the entries of each voucher: a voucher has one date, which is why the answer is an array (inferred)."""
    rows = [(kind, entry) for kind in KINDS for entry in entries.get(kind, [])]
    by_date = itemgetter("date")
    for _, group in groupby(sorted(rows, key=lambda row: str(by_date(row[1]))), key=lambda row: by_date(row[1])):
        parts: Json = {}
        for kind, entry in group:
            parts.setdefault(kind, []).append(entry)
        yield parts


def view(key: Key, entries: Json) -> Json:
    """Return the whole voucher; its key in addresses is ``{year}-{voucherNumber}``."""
    journal, year, number = key
    address = voucher_url(key)
    return {
        "accountingYear": linked("year", year, "accounting-years"),
        "journal": linked("journalNumber", journal, "journals"),
        "voucherNumber": number,
        "entries": {kind: [_entry(key, entry) for entry in rows] for kind, rows in entries.items()},
        "attachment": f"{address}/attachment",
        "self": address,
    }


def voucher_url(key: Key) -> str:
    """Return a voucher's address."""
    journal, year, number = key
    return f"{url('journals', journal, 'vouchers', year)}-{number}"


def voucher_key(call: Call) -> Key:
    """Return the key that a path names."""
    return number_in(call, "journalNumber"), call.params["year"], number_in(call, "voucherNumber")


def visible(agreement: Agreement, key: Key, call: Call) -> bool:
    """Return whether reads see a voucher yet: integrators report 404 for the first seconds."""
    born = agreement.born[voucher_url(key)]
    return call.now >= born + timedelta(seconds=agreement.switches.voucher_lag)


def read_voucher(agreement: Agreement, call: Call) -> tuple[Key, Json]:
    """Return the voucher that a path names.

    Raises:
        ApiError: 404, it does not exist or cannot be read yet.
    """
    key = voucher_key(call)
    voucher = existing(agreement.vouchers, key)
    if not visible(agreement, key, call):
        raise not_found()
    return key, voucher


def _entry(key: Key, entry: Json) -> Json:
    journal, year, number = key
    address = url("journals", journal, "entries", entry["journalEntryNumber"])
    year_link = linked("year", year, "accounting-years")
    return entry | {
        "journal": linked("journalNumber", journal, "journals"),
        "voucher": {"voucherNumber": number, "accountingYear": year_link, "self": voucher_url(key)},
        "metaData": {"delete": {"description": "Deletes the entry.", "href": address, "httpMethod": "delete"}},
        "self": address,
    }
