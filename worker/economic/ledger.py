"""What stands in e-conomic, read back in bulk: booked entries, booked invoices, vouchers in journals, documents.

Booked entries: filter ``customerInvoiceNumber`` with ``$in`` of up to 200 values (service documentation, August 2026).
That a span of numbers may be asked for with ``$gte`` and ``$lte`` is inferred; where it is refused, lists are used.
Names of properties are read in every spelling seen, as the services and legacy REST differ.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from config.reconcile_schema import Reconcile
from worker.domain.money import ZERO, to_oere
from worker.economic import parsers
from worker.economic.listings import Listings
from worker.economic.mapping.documents import document, whole_number
from worker.economic.mapping.ledger import AttachedDocument, LedgerEntry, Standing, summed
from worker.economic.mapping.master_data import Document
from worker.economic.mapping.voucher_payload import marked
from worker.economic.mapping.voucher_postings import contained_vat
from worker.economic.pages import PAGE
from worker.economic.urls import LONGEST, query_encoded
from worker.economic.vouchers import invoice_number, voucher_year
from worker.errors import Refused

Json = Mapping[str, Any]
#: Values of one ``$in`` (measured: 201 are refused).
_MOST_VALUES = 200
#: A span of numbers is read whole when at least this part of it is ours.
_DENSE = 0.5
_BAD_REQUEST = 400
_booked = partial(document, booked=True)


class LedgerReader:
    """Reads of one agreement; errors as for every read. Threads may share it."""

    def __init__(self, listings: Listings, settings: Reconcile) -> None:
        self._listings = listings
        self._entries_path = f"/bookedentriesapi/v{settings.booked_entries_version}/booked-entries"
        self._documents_path = f"/documentsapi/v{settings.documents_version}/AttachedDocuments"
        self._spans = True

    @property
    def match_path(self) -> str:
        """Where entries are matched."""
        return f"{self._entries_path}/match"

    @property
    def documents_path(self) -> str:
        """Where documents are attached."""
        return self._documents_path

    @property
    def sources(self) -> tuple[str, ...]:
        """What is read, with the versions spoken."""
        return self._entries_path, self._documents_path

    def readable(self) -> Mapping[str, bool]:
        """Return of each newer service that is read, by its path with the version spoken, whether it can be."""
        probe = query_encoded("voucherNumber$eq:1")
        return {
            path: self._listings.offered(path, lambda body: body, probe) is not None
            for path in (self._entries_path, self._documents_path)
        }

    def by_invoice_number(self, numbers: Iterable[int]) -> Iterator[tuple[Sequence[int], tuple[LedgerEntry, ...]]]:
        """Yield the entries that carry these invoice numbers, part by part with the numbers asked for."""
        return self._by("customerInvoiceNumber", numbers, lambda entry: entry.invoice_number)

    def by_voucher(self, vouchers: Iterable[int]) -> Iterator[tuple[Sequence[int], tuple[LedgerEntry, ...]]]:
        """Yield the entries of these voucher numbers, of every year, part by part."""
        return self._by("voucherNumber", vouchers, lambda entry: entry.voucher)

    def documents(self, vouchers: Iterable[int]) -> tuple[AttachedDocument, ...] | None:
        """Return what is attached to these voucher numbers, of every year; None: it cannot be listed."""
        wanted, found = set(vouchers), []
        for part in _parts("voucherNumber", wanted, spans=self._spans):
            read = self._listings.offered(self._documents_path, _document, query_encoded(part.query))
            if read is None:
                return None
            found += [each for each in read if each.voucher in wanted]
        return tuple(found)

    def booked_since(self, first: date, *, most: int) -> tuple[Document, ...] | None:
        """Return the invoices booked on this date or later; None when they are more than ``most``: not read then."""
        return self._listings.at_most(most, "/invoices/booked", _booked, query_encoded(f"date$gte:{first}"))

    def in_journals(self, vat_rates: Mapping[str, Decimal]) -> tuple[Standing, ...]:
        """Return every voucher that stands in a journal; ``vat_rates``: percent by VAT code."""
        journals = self._listings.every("/journals", parsers.journal)
        parse = partial(_in_journal, vat_rates=vat_rates)
        return tuple(
            standing
            for journal in journals
            for standing in self._listings.every(
                f"/journals/{journal.number}/vouchers", partial(parse, journal=journal.number)
            )
        )

    def _by(
        self, field: str, numbers: Iterable[int], number_of: Callable[[LedgerEntry], int | None]
    ) -> Iterator[tuple[Sequence[int], tuple[LedgerEntry, ...]]]:
        left = list(dict.fromkeys(numbers))
        while left:
            part = next(_parts(field, left, spans=self._spans))
            try:
                found = self._listings.growing(self._entries_path, _entry, query_encoded(part.query))
            except Refused as refused:
                if refused.status != _BAD_REQUEST or not part.span:
                    raise
                self._spans = False
                continue
            asked = set(part.numbers)
            left = [number for number in left if number not in asked]
            yield part.numbers, tuple(entry for entry in found if number_of(entry) in asked)


class _Part:
    """Numbers that one query asks for."""

    def __init__(self, field: str, numbers: Sequence[int], *, span: bool) -> None:
        self.numbers = numbers
        self.span = span
        listed = f"{field}$in:[{','.join(map(str, numbers))}]"
        self.query = f"{field}$gte:{numbers[0]}$and:{field}$lte:{numbers[-1]}" if span else listed


def _parts(field: str, numbers: Iterable[int], *, spans: bool) -> Iterator[_Part]:
    """Yield queries that together ask for all numbers: spans where these are dense, else lists that fit a query."""
    left = sorted(set(numbers))
    while left:
        dense = _dense(left) if spans else 0
        size = dense or _fitting(field, left)
        yield _Part(field, left[:size], span=bool(dense))
        left = left[size:]


def _dense(numbers: Sequence[int]) -> int:
    """Return how many numbers from the first on make a span worth reading whole; 0: a list serves as well."""
    longest = 0
    for count, number in enumerate(numbers[:PAGE], start=1):
        span = number - numbers[0] + 1
        if span <= PAGE and count >= span * _DENSE:
            longest = count
    return longest if longest > _MOST_VALUES // 2 else 0


def _fitting(field: str, numbers: Sequence[int]) -> int:
    length, size = len(field) + len("$in:%5B%5D"), 0
    for number in numbers[:_MOST_VALUES]:
        length += len(str(number)) + 1
        if length > LONGEST and size:
            break
        size += 1
    return size


def _entry(body: Json) -> LedgerEntry:
    """Read one of the booked entries service's."""
    customer = _number(body, "customerNumber", ("customer", "customerNumber"))
    remainder = body.get("remainder")
    if remainder is None and customer is not None and "remainder" not in body:
        remainder = 0 if "amount" in body else None  # zero numbers may be left out
    return LedgerEntry(
        number=int(body["entryNumber"]),
        kind=str(body.get("entryType") or body.get("entryTypeNumber") or ""),
        account=int(_first(body, "accountNumber", ("account", "accountNumber"))),
        amount=_amount(body.get("amount")),
        currency=str(_first(body, ("currency", "code"), "currency", "currencyCode")),
        date=str(body["date"])[:10],
        due_date=str(body.get("dueDate") or "")[:10],
        voucher=int(body.get("voucherNumber") or 0),
        year=str(_maybe(body, ("accountingYear", "year"), "accountingYear") or ""),
        customer=customer,
        invoice_number=_number(body, "customerInvoiceNumber", "invoiceNumber"),
        vat_code=str(_maybe(body, "vatCode", ("vatAccount", "vatCode")) or ""),
        text=str(body.get("text") or ""),
        remainder=None if remainder is None else _amount(remainder),
        base_amount=None if body.get("amountInBaseCurrency") is None else _amount(body["amountInBaseCurrency"]),
    )


def _document(body: Json) -> AttachedDocument:
    return AttachedDocument(
        number=int(_first(body, "number", "documentNumber", "id")),
        year=str(_maybe(body, ("accountingYear", "year"), "accountingYear") or ""),
        voucher=int(body["voucherNumber"]),
    )


def _in_journal(body: Json, *, journal: int, vat_rates: Mapping[str, Decimal]) -> Standing:
    """Read one of ``/journals/{n}/vouchers``: what it will post."""
    rows = [(kind, row) for kind, of_kind in body["entries"].items() for row in of_kind]
    owing = [row for kind, row in rows if kind == "manualCustomerInvoices" and row.get("customer")]
    first = (owing or [row for _, row in rows] or [{}])[0]
    gross = sum((_amount(row.get("amount")) for row in owing), ZERO)
    sides = [side for _, row in rows for side in _sides(row, vat_rates)]
    vat = sum((vat for *_, vat in sides), ZERO)
    references = [reference for _, row in rows if (reference := marked(str(row.get("text") or "")))]
    customer = (first.get("customer") or {}).get("customerNumber")
    return Standing(
        kind="voucher",
        number=next((number for row in owing if (number := invoice_number(row))), None),
        reference=references[-1] if references else "",
        year=voucher_year(body),
        voucher=whole_number(body["voucherNumber"]),
        journal=journal,
        customer=int(customer) if customer else None,
        date=str(first.get("date") or "")[:10],
        due_date=str(first.get("dueDate") or "")[:10],
        currency=str((first.get("currency") or {}).get("code") or ""),
        net=gross - vat,
        vat=vat,
        gross=gross,
        accounts=summed((account, code, net) for account, code, net, _ in sides),
    )


def _sides(row: Json, vat_rates: Mapping[str, Decimal]) -> Iterator[tuple[int, str, Decimal, Decimal]]:
    """Yield account, VAT code, net and VAT of each account of an entry; positive is revenue."""
    amount = _amount(row.get("amount"))
    for side, vat_side, signed in (("account", "vatAccount", -amount), ("contraAccount", "contraVatAccount", amount)):
        account = (row.get(side) or {}).get("accountNumber")
        if account is not None:
            code = str((row.get(vat_side) or {}).get("vatCode") or "")
            vat = contained_vat(signed, vat_rates.get(code, ZERO)) if code else ZERO
            yield int(account), code, signed - vat, vat


def _amount(value: Any) -> Decimal:
    amount = Decimal(str(value or 0))
    if not amount.is_finite():
        raise ValueError("an amount is no number")
    return to_oere(amount) if amount == to_oere(amount) else amount


def _number(body: Json, *names: str | tuple[str, ...]) -> int | None:
    value = _maybe(body, *names)
    return int(value) if value not in (None, "", 0) else None


def _first(body: Json, *names: str | tuple[str, ...]) -> Any:
    value = _maybe(body, *names)
    if value is None:
        raise KeyError(str(names[0]))
    return value


def _maybe(body: Json, *names: str | tuple[str, ...]) -> Any:
    """Return the first of these properties that has a value, each a name or a path of names."""
    for name in names:
        value: Any = body
        for step in (name,) if isinstance(name, str) else name:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None and not isinstance(value, Mapping):
            return value
    return None
