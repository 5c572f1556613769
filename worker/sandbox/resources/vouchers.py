"""Journals, their vouchers and entries (e-conomic REST docs, "Journals"). A whole voucher cannot be deleted (405)."""

from collections.abc import Iterator

from worker.sandbox.failures import not_found, refused
from worker.sandbox.resources.fields import dotted
from worker.sandbox.resources.lookup import NUMBER, TEXT, existing, listed, listing, number_in
from worker.sandbox.resources.schema import accept
from worker.sandbox.resources.simple_collections import readable
from worker.sandbox.resources.voucher_rules import check, check_balance, is_taken, refuse_other_kinds, refusing
from worker.sandbox.resources.voucher_schema import entries_of, schema
from worker.sandbox.resources.voucher_view import Key, complete, read_voucher, split, view, visible, voucher_url
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json


def create(agreement: Agreement, call: Call) -> Answer:
    """Post a voucher: 201 with an array, since its entries may become several vouchers."""
    journal = existing(agreement.journals, number_in(call, "journalNumber"))
    refuse_other_kinds(call.body.get("entries") if isinstance(call.body, dict) else None)
    body = accept(schema(agreement.switches.customer_invoice_name), call.body, refusing(agreement))
    check(agreement, journal, body)
    whole = {kind: [complete(agreement, e) for e in rows] for kind, rows in body["entries"].items() if rows}
    parts = list(split(whole))
    for part in parts:
        check_balance(agreement, [entry for rows in part.values() for entry in rows])
    year, wanted = body["accountingYear"]["year"], body.get("voucherNumber")
    numbers = voucher_numbers(agreement, journal, year, wanted, len(parts))
    keys: list[Key] = [(journal["journalNumber"], year, number) for number in numbers]
    created = [keep(agreement, key, part, call) for key, part in zip(keys, parts, strict=True)]
    return Answer(status=201, body=created, headers={"Location": created[0]["self"]})


def list_all(agreement: Agreement, call: Call) -> Answer:
    """List a journal's vouchers; nothing about them can be filtered."""
    number = _journal(agreement, call)
    _move_one(agreement, number)
    there = {key: voucher for key, voucher in agreement.vouchers.items() if visible(agreement, key, call)}
    own = [voucher for voucher in listed(agreement, there, call) if voucher["journal"]["journalNumber"] == number]
    return listing(own, {})


def read(agreement: Agreement, call: Call) -> Answer:
    """Return one voucher."""
    return Answer(status=200, body=read_voucher(agreement, call)[1])


def list_entries(agreement: Agreement, call: Call) -> Answer:
    """List the entries of a journal."""
    own = _entries(agreement, _journal(agreement, call))
    return listing([entry for _, _, entry in own], {"journalEntryNumber": NUMBER, "date": NUMBER, "text": TEXT})


def delete_entry(agreement: Agreement, call: Call) -> Answer:
    """Delete one entry; a voucher without entries is gone, and its attachment with it."""
    key, kind, entry = _entry(agreement, call)
    voucher = agreement.vouchers[key]
    rows = [row for row in voucher["entries"][kind] if row is not entry]
    agreement.vouchers[key] = voucher | {"entries": voucher["entries"] | {kind: rows}}
    if not entries_of(agreement.vouchers[key]):
        del agreement.vouchers[key]
        agreement.attachments.pop(key, None)
    return Answer(status=204, body=None)


def _entry(agreement: Agreement, call: Call) -> tuple[Key, str, Json]:
    number = number_in(call, "journalEntryNumber")
    for key, kind, entry in _entries(agreement, _journal(agreement, call)):
        if entry["journalEntryNumber"] == number:
            return key, kind, entry
    raise not_found()


def _entries(agreement: Agreement, journal: int) -> Iterator[tuple[Key, str, Json]]:
    for key, voucher in agreement.vouchers.items():
        if key[0] == journal:
            yield from ((key, kind, entry) for kind, entry in entries_of(voucher))


def _journal(agreement: Agreement, call: Call) -> int:
    number = number_in(call, "journalNumber")
    existing(agreement.journals, number)
    return number


def _move_one(agreement: Agreement, journal: int) -> None:
    """Move the first voucher of a journal that is about to be listed, if the switch ``journal_moves`` says so."""
    lowest = min(agreement.journals)
    key = next((key for key in agreement.vouchers if key[0] == journal), None)
    if not agreement.switches.journal_moves or key is None or journal == lowest:
        return
    agreement.switches.journal_moves -= 1
    to = (lowest, *key[1:])
    agreement.vouchers[to] = view(to, agreement.vouchers.pop(key)["entries"])
    for part in ("", "/attachment"):
        if born := agreement.born.get(f"{voucher_url(key)}{part}"):
            agreement.born[f"{voucher_url(to)}{part}"] = born
    if key in agreement.attachments:
        agreement.attachments[to] = agreement.attachments.pop(key)


def voucher_numbers(agreement: Agreement, journal: Json, year: str, wanted: int | None, count: int) -> list[int]:
    """Return voucher numbers: the wanted one first, the rest from the journal's own series."""
    numbers = [] if wanted is None else [wanted]
    return numbers + [_next_number(agreement, journal, year, numbers) for _ in range(count - len(numbers))]


def _next_number(agreement: Agreement, journal: Json, year: str, taken: list[int]) -> int:
    span = journal["settings"]["voucherNumbers"]
    counter = f"voucher:{journal['journalNumber']}:{year}"
    number: int = agreement.counters.get(counter, span["minimumVoucherNumber"])
    while is_taken(agreement, year, number) or number in taken:
        number += 1
    if number > span["maximumVoucherNumber"]:
        message = "The journal's voucher numbers are used up."
        raise refused(400, message, "JournalVoucherNextNumberNotWithinBoundaries")
    agreement.counters[counter] = number + 1
    return number


def keep(agreement: Agreement, key: Key, entries: Json, call: Call) -> Json:
    """Store a voucher, its entries numbered, and return it."""
    numbered = {kind: [_numbered(agreement, row) for row in rows] for kind, rows in entries.items()}
    voucher = view(key, numbered)
    agreement.vouchers[key] = voucher
    agreement.born[voucher["self"]] = call.now
    return voucher


def _numbered(agreement: Agreement, entry: Json) -> Json:
    number = agreement.counters.get("journal-entry", 1)
    agreement.counters["journal-entry"] = number + 1
    return {"journalEntryNumber": number} | entry


ITEM = "/journals/{journalNumber}"
ROUTES: tuple[Route, ...] = (
    *readable(
        "/journals", "journalNumber", lambda a: a.journals, {"journalNumber": NUMBER, "name": TEXT}, roles=BOOKKEEPING
    ),
    Route(method="GET", path=f"{ITEM}/vouchers", handler=list_all, roles=BOOKKEEPING),
    Route(method="POST", path=f"{ITEM}/vouchers", handler=create, roles=BOOKKEEPING, fields=dotted(schema())),
    Route(method="GET", path=f"{ITEM}/vouchers/{{year}}-{{voucherNumber}}", handler=read, roles=BOOKKEEPING),
    Route(method="GET", path=f"{ITEM}/entries", handler=list_entries, roles=BOOKKEEPING),
    Route(method="DELETE", path=f"{ITEM}/entries/{{journalEntryNumber}}", handler=delete_entry, roles=BOOKKEEPING),
)
